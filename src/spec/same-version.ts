import { normalVersion } from './version.ts'

/**
 * The form in which all spellings of a version are one string (FN-53); old tools wrote `_` for `-`.
 * What is no version stays as it is.
 */
export const versionKey = (text: string): string => {
  const normal = normalVersion(text) ?? normalVersion(text.replaceAll('_', '-'))
  const parts = normal === undefined ? null : /^(\d+!)?(\d+(?:\.\d+)*)(.*)$/s.exec(normal)
  if (parts === null) return text
  let [, epoch = '', numbers = '', rest = ''] = parts
  while (numbers.endsWith('.0')) numbers = numbers.slice(0, -2)
  return `${epoch}${numbers}${rest}`
}

/**
 * True when two texts are spellings of one version (PEP 440): `1.0` is `1.0.0`, `1.0-1` is
 * `1.0.post1`. What is no version equals only itself.
 */
export const isSameVersion = (one: string, two: string): boolean =>
  versionKey(one) === versionKey(two)
