import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { orAbsent } from '../disk/error-code.ts'
import { parseObject, type JsonObject } from '../disk/json.ts'

/** What the first line of a file says at least of the rest, its body. */
export interface BodyHead {
  /** Where the body came from. */
  readonly url: string
  /** Of the body, hex: names the content. */
  readonly sha256: string
  /** Of the body; a file of another length is torn. */
  readonly bytes: number
}

const headBytes = 4096

/**
 * The first line of a file of two, head and body; undefined when the file is gone, or is not whole.
 * @param size of the file, in bytes
 */
export const readHead = async (
  path: string,
  size: number,
): Promise<(BodyHead & JsonObject) | undefined> => {
  const handle = await orAbsent(open(path, 'r'))
  if (handle === undefined) return undefined
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0)
    const end = buffer.indexOf('\n')
    if (end < 0 || end >= bytesRead) return undefined
    const head = parseObject(buffer.toString('utf8', 0, end))
    const sound =
      typeof head?.['url'] === 'string' &&
      typeof head['sha256'] === 'string' &&
      head['bytes'] === size - end - 1
    return sound ? (head as BodyHead & JsonObject) : undefined
  } finally {
    await handle.close()
  }
}

/** The body of such a file and the digest in its head; undefined when it has not that digest. */
export const readBody = async (
  path: string,
): Promise<{ body: string; sha256: string } | undefined> => {
  const handle = await orAbsent(open(path, 'r'))
  if (handle === undefined) return undefined
  try {
    const text = await handle.readFile('utf8')
    const at = text.indexOf('\n')
    const sha256 = parseObject(text.slice(0, at))?.['sha256']
    const body = text.slice(at + 1)
    return createHash('sha256').update(body).digest('hex') === sha256 ? { body, sha256 } : undefined
  } finally {
    await handle.close()
  }
}

/** A file of two lines. */
export const headed = (head: BodyHead, body: string): string => `${JSON.stringify(head)}\n${body}`
