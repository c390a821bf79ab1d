import { resolve } from 'node:path'
import type { Kind, Option } from '../options.ts'

/** What a setting can hold once it is understood. */
export type Value = string | number | boolean | readonly string[]

const seconds = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const
const bytes = {
  b: 1,
  k: 1e3,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
} as const

const measured = (value: unknown, units: Readonly<Record<string, number>>): number | undefined => {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return undefined
  const found = /^(\d{1,15}(?:\.\d{1,9})?) ?([a-z]*)$/i.exec(value.trim())
  if (found === null) return undefined
  const [, amount = '', unit = ''] = found
  const factor = unit === '' ? 1 : new Map(Object.entries(units)).get(unit.toLowerCase())
  return factor === undefined ? undefined : Number(amount) * factor
}

const within = (option: Option, value: number | undefined): number | undefined =>
  (
    value === undefined ||
    !Number.isFinite(value) ||
    value < (option.least ?? 0) ||
    value > (option.most ?? Number.MAX_SAFE_INTEGER)
  ) ?
    undefined
  : value

const integer = (value: unknown): number | undefined => {
  if (typeof value === 'string' && /^\d{1,15}$/.test(value.trim())) return Number(value)
  return Number.isInteger(value) ? (value as number) : undefined
}

/** What a flag is set to, by its text or its TOML value; undefined: not understood. */
export const flagValue = (value: unknown): boolean | undefined => {
  if (typeof value === 'boolean') return value
  if (typeof value !== 'string') return undefined
  if (/^(?:1|true|yes|on)$/i.test(value)) return true
  return /^(?:0|false|no|off)$/i.test(value) ? false : undefined
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' && !value.includes('\0') ? value : undefined

const texts = (value: unknown): readonly string[] | undefined => {
  const list = typeof value === 'string' ? value.split(/\s+/).filter(part => part !== '') : value
  return Array.isArray(list) && list.every(item => text(item) !== undefined) ?
      (list as string[])
    : undefined
}

const readers: Readonly<
  Record<Kind, (option: Option, value: unknown, base: string) => Value | undefined>
> = {
  text: (_, value) => text(value),
  path: (_, value, base) => {
    const path = text(value)
    return path === undefined ? undefined : resolve(base, path)
  },
  flag: (_, value) => flagValue(value),
  integer: (option, value) => within(option, integer(value)),
  duration: (option, value) => within(option, measured(value, seconds)),
  size: (option, value) => {
    const size = within(option, measured(value, bytes))
    return size === undefined ? undefined : Math.floor(size)
  },
  texts: (_, value) => texts(value),
  choice: (option, value) => option.choices?.find(choice => choice === value),
}

/** The value of an option from its text or its TOML value; paths are taken relative to `base`. Undefined: not understood. */
export const readValue = (option: Option, value: unknown, base: string): Value | undefined =>
  readers[option.kind](option, value, base)

/** What a value of this option must look like: `a whole number from 0 to 65535`. */
export const expected = (option: Option): string => {
  const { kind, least = 0, most } = option
  const range =
    most !== undefined ? ` from ${least} to ${most}`
    : least > 0 ? ` of at least ${least}`
    : ''
  const phrases: Readonly<Record<Kind, string>> = {
    text: 'text that is not empty',
    path: 'a path',
    flag: 'true or false',
    integer: `a whole number${range}`,
    duration: `a number of seconds${range}, or a text such as "10m" or "2h"`,
    size: `a number of bytes${range}, or a text such as "64MB" or "20GB"`,
    texts: 'a list of texts',
    choice: `one of ${(option.choices ?? []).join(', ')}`,
  }
  return phrases[kind]
}
