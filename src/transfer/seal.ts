import { parseObject } from '../disk/json.ts'

/** The last member of an export: without it, the archive was cut or is none of ours. */
export const sealPath = '.proxypypi/export.json'

/** The version of the format that is written and read here. */
export const formatVersion = 1

/** What the seal says. */
export interface Seal {
  readonly version: number
  /** Digest of all bytes of the archive before the seal's own header. */
  readonly sha256: string
}

/** The text of a seal. */
export const writeSeal = (sha256: string): string =>
  `${JSON.stringify({ version: formatVersion, sha256 })}\n`

/** A seal as it was read; undefined when it is none. */
export const readSeal = (text: string): Seal | undefined => {
  const { version, sha256 } = parseObject(text) ?? {}
  return typeof version === 'number' && typeof sha256 === 'string' ? { version, sha256 } : undefined
}
