import { evaluate } from '../../spec/evaluate.ts'
import { InputError } from '../../spec/input-error.ts'
import { parseRequirement, type Requirement } from '../../spec/requirement.ts'
import type { Wish } from '../wish.ts'
import { hashOf } from './hash.ts'
import type { LogicalLine } from './logical-lines.ts'
import { pipOptions } from './pip-options.ts'

const remote = /^[a-z][a-z0-9+.-]{0,20}:(?:\/\/|[/\\])/i
const archive = /\.(?:whl|zip|tgz|tar|tar\.(?:gz|bz2|xz))$/i

// What pip would read as an address or a path, though it is no dependency specifier.
const elsewhere = (text: string): string | undefined => {
  if (remote.test(text)) return 'a URL: only files of an index can be fetched'
  const [beforeMarker = ''] = text.split(';')
  const path = beforeMarker.trim()
  return (
      /^[./\\~]/.test(path) ||
        (archive.test(path) && !path.includes('@')) ||
        /^[^@[]*[/\\]/.test(path)
    ) ?
      'a local path: only files of an index can be fetched'
    : undefined
}

/** The requirement of a line and the options behind it: those begin at the first word with a dash. */
const split = (text: string): readonly [requirement: string, options: string] => {
  const at = text.search(/\s-/)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

const hashesIn = (options: string): string[] => {
  const hashes: string[] = []
  for (const { name, value } of pipOptions(options)) {
    if (name !== 'hash') continue
    const hash = hashOf(value)
    if (hash === undefined || !hash.startsWith('sha'))
      throw new InputError(`--hash=${value.slice(0, 80)} is no hash like sha256:0123...`)
    hashes.push(hash)
  }
  return hashes
}

const parse = (text: string): Requirement => {
  const reason = elsewhere(text)
  if (reason !== undefined) throw new InputError(reason)
  const requirement = parseRequirement(text)
  if (requirement.url !== undefined)
    throw new InputError('a direct reference: only files of an index can be fetched')
  return requirement
}

/** What a line that is no option asks for; throws an `InputError` that says why it cannot be had. */
export const requirementWish = (line: LogicalLine, place: string): Wish => {
  const [text, options] = split(line.text)
  const { name, extras, specifier, marker } = parse(text)
  return {
    line: line.written,
    place,
    name,
    extras,
    specifier,
    hashes: hashesIn(options),
    required: true,
    appliesTo: environment => evaluate(marker, environment),
  }
}
