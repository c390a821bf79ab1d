import { InputError } from './input-error.ts'

/** A JSON object from outside, its values still unchecked. */
export type JsonObject = Readonly<Record<string, unknown>>

/** True for a JSON object: no list, no null. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const deepest = 32

/** Characters and values together. */
const largest = 256 * 1024

/**
 * Throws `InputError` for a JSON value that is nested too deeply or too large to be kept, and for
 * one with the key `__proto__`, which some reader would take for something else.
 * @param what it is, for the message: `the settings of an index`
 */
export const requireModest = (value: unknown, what: string): void => {
  let weight = 0
  const add = (more: number): void => {
    weight += more
    if (weight > largest) throw new InputError(`${what}: larger than ${largest / 1024} KiB`)
  }
  const weigh = (item: unknown, depth: number): void => {
    if (depth > deepest) throw new InputError(`${what}: nested deeper than ${deepest}`)
    add(typeof item === 'string' ? item.length + 1 : 1)
    if (Array.isArray(item)) for (const member of item) weigh(member, depth + 1)
    else if (isObject(item))
      for (const [key, member] of Object.entries(item)) {
        if (key === '__proto__') throw new InputError(`${what}: the key __proto__ is refused`)
        add(key.length)
        weigh(member, depth + 1)
      }
  }
  weigh(value, 0)
}

/** True for two JSON values that say the same, whatever the order of the members of an object. */
export const isSameJson = (a: unknown, b: unknown): boolean => {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, at) => isSameJson(item, b[at]))
  if (!isObject(a) || !isObject(b)) return a === b
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every(key => Object.hasOwn(b, key) && isSameJson(a[key], b[key]))
  )
}
