import { wordsOf } from './words.ts'

/** An option in a requirements file, by its long name without the dashes. */
export interface PipOption {
  readonly name: string
  /** `''` for one that takes no value, or where it is missing. */
  readonly value: string
}

const shorts: ReadonlyMap<string, string> = new Map([
  ['r', 'requirement'],
  ['c', 'constraint'],
  ['e', 'editable'],
  ['i', 'index-url'],
  ['f', 'find-links'],
  ['C', 'config-settings'],
])

const flags: ReadonlySet<string> = new Set([
  'no-index',
  'pre',
  'prefer-binary',
  'require-hashes',
  'always-unzip',
])

/** The options in a text, in order; a word that is none is taken as an option of that name. */
export const pipOptions = (text: string): PipOption[] => {
  const words = wordsOf(text)
  const options: PipOption[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    const isLong = word.startsWith('--')
    const [, long = '', equals, after = ''] =
      isLong ? (/^--([^=]*)(=?)(.*)$/s.exec(word) ?? []) : []
    const name = isLong ? long : (shorts.get(word.slice(1, 2)) ?? word)
    const given = isLong ? after : word.slice(2).replace(/^=/, '')
    const hasValue = isLong ? equals !== '' : given !== ''
    if (hasValue || flags.has(name)) options.push({ name, value: given })
    else options.push({ name, value: words[++at] ?? '' })
  }
  return options
}
