import { ClaimError } from './claim-error.ts'

// Real ones have about ten kilobytes each, and a file has one or two.
const longest = 1024 * 1024
const mostAttestations = 32
const deepest = 32

/**
 * The objects of an `attestations` field (PEP 740, UP-24), kept as they are: whether they prove
 * anything is for who installs the file. Undefined for an absent field and an empty list.
 * @throws {ClaimError} for what is no list of objects, or has more than 1 MiB, 32 objects or levels
 */
export const readAttestations = (text: string | undefined): readonly object[] | undefined => {
  if (text === undefined) return undefined
  if (text.length > longest)
    throw new ClaimError(`attestations has more than ${longest} characters`)
  const list = parsed(text)
  if (!Array.isArray(list) || !list.every(isObject))
    throw new ClaimError('attestations must be a JSON array of objects (PEP 740)')
  if (list.length > mostAttestations || !isWithin(list, deepest))
    throw new ClaimError(`attestations has more than ${mostAttestations} objects or levels`)
  return list.length === 0 ? undefined : list
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

// What is nested without end could not be written again.
const isWithin = (value: unknown, levels: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every(inner => isWithin(inner, levels - 1)))
