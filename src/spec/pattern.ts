import { projectName } from './project-name.ts'

/**
 * True when a project name in normal form fits a pattern of the settings: a name in any spelling,
 * with `*` for any characters (`acme-*`). Linear in the length of both.
 */
export const matches = (pattern: string, name: string): boolean => {
  const normal = projectName(pattern) ?? pattern.toLowerCase().replace(/[-_.]+/g, '-')
  const [first = '', ...rest] = normal.split('*')
  if (rest.length === 0) return name === first
  if (!name.startsWith(first)) return false
  const last = rest.pop() ?? ''
  let at = first.length
  for (const piece of rest) {
    const found = name.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return name.length - last.length >= at && name.endsWith(last)
}
