import type { IndexConfig } from '../spec/index-config.ts'
import type { IndexName } from '../spec/index-name.ts'
import { InputError } from '../spec/input-error.ts'

/** The bases that settings name; none for a mirror. */
export const basesOf = (config: IndexConfig): readonly IndexName[] =>
  config.type === 'stage' ? config.bases : []

/** So many missing ones are named at once. */
const told = 10

type Read = (name: IndexName) => Promise<IndexConfig | undefined>

/**
 * Throws unless an index can inherit from others: they must exist, and none may inherit from it.
 * @param bases those that are new
 * @throws {InputError} naming the bases that are missing, in devpi's words, or the one that closes a circle
 */
export const requireBases = async (
  index: IndexName,
  bases: readonly IndexName[],
  read: Read,
): Promise<void> => {
  const missing: string[] = []
  for (const base of bases)
    if (base !== index && (await read(base)) === undefined)
      missing.push(`base index '${base}' does not exist`)
  if (missing.length > 0) throw new InputError(missing.slice(0, told).join(', '))
  for (const base of bases)
    if (await leadsTo(base, index, read))
      throw new InputError(
        base === index ?
          `index '${index}' cannot be a base of itself`
        : `base index '${base}' inherits from '${index}' itself: that would be a circle`,
      )
}

const leadsTo = async (from: IndexName, to: IndexName, read: Read): Promise<boolean> => {
  const seen = new Set([from])
  for (const name of seen) {
    if (name === to) return true
    const config = await read(name)
    for (const base of config === undefined ? [] : basesOf(config)) seen.add(base)
  }
  return false
}
