import { parse as parseToml } from 'smol-toml'
import { sdistTexts } from '../archive/texts.ts'
import { readCoreMetadata } from '../spec/core-metadata.ts'
import { isObject } from '../spec/file-fields.ts'
import type { Filename } from '../spec/filename.ts'
import type { Told } from './told.ts'

/** What installers take where a project does not say what builds it (PEP 517, PEP 518). */
const usualBuild = ['setuptools>=40.8.0', 'wheel']

const isWanted = (path: string): boolean =>
  /^[^/]+\/(?:PKG-INFO|pyproject\.toml|(?:[^/]+\/)?[^/]+\.egg-info\/requires\.txt)$/.test(path)

/**
 * What a source distribution tells without being built: nothing of it is ever executed. Its
 * dependencies are certain where its metadata is static (PEP 643) or its `pyproject.toml` lists
 * them (PEP 621); else what an egg-info says is believed, with a note.
 * @throws {ArchiveError} when it is broken or beyond our limits
 */
export const readSdist = async (path: string, filename: Filename): Promise<Told> => {
  const texts = await sdistTexts(path, filename, isWanted)
  if (texts === undefined)
    return {
      requires: [],
      requiresPython: undefined,
      build: [],
      note: `${filename} is of a kind that is not read here: its dependencies are not known`,
    }
  const find = (ending: string) =>
    [...texts].find(([name]) => name.endsWith(ending) && isTop(name, ending))?.[1]
  const project = readToml(find('/pyproject.toml'))
  const metadata = readCoreMetadata(find('/PKG-INFO') ?? '')
  const { requiresPython } = metadata
  const known = { requiresPython, build: buildOf(project) }
  const fixed = isStatic(metadata) ? metadata.requiresDist : listedIn(project)
  if (fixed !== undefined) return { ...known, requires: fixed }
  const egg = find('/requires.txt')
  if (egg !== undefined || metadata.requiresDist.length > 0)
    return {
      ...known,
      requires: egg === undefined ? metadata.requiresDist : readRequiresTxt(egg),
      note: `${filename} has no static metadata: its dependencies are those of the machine that packed it`,
    }
  return {
    ...known,
    requires: [],
    note: `${filename} does not tell its dependencies without being built: none of them is fetched`,
  }
}

const isTop = (path: string, ending: string): boolean =>
  ending === '/requires.txt' || path.indexOf('/') === path.length - ending.length

const isStatic = ({ metadataVersion = '', dynamic }: ReturnType<typeof readCoreMetadata>) => {
  const [major = 0, minor = 0] = metadataVersion.split('.').map(Number)
  const isNew = major > 2 || (major === 2 && minor >= 2)
  return isNew && !dynamic.some(field => /^(?:requires-dist|provides-extra)$/i.test(field))
}

type Table = Readonly<Record<string, unknown>>

const tableIn = (table: Table, key: string): Table => {
  const value = table[key]
  return isObject(value) ? value : {}
}

const textsIn = (value: unknown): string[] | undefined =>
  Array.isArray(value) ? value.filter(item => typeof item === 'string') : undefined

// A file that cannot be read is for the installer to complain about.
const readToml = (text: string | undefined): Table => {
  try {
    return parseToml(text ?? '')
  } catch {
    return {}
  }
}

const buildOf = (pyproject: Table): readonly string[] => {
  const requires = textsIn(tableIn(pyproject, 'build-system')['requires'])
  if (requires === undefined) return usualBuild
  // Older setuptools asks for wheel only once it runs.
  const asksLater = requires.some(text => /^setuptools(?![\w.-])/i.test(text))
  return asksLater ? [...requires, 'wheel'] : requires
}

const listedIn = (pyproject: Table): string[] | undefined => {
  const project = tableIn(pyproject, 'project')
  const dynamic = textsIn(project['dynamic']) ?? []
  if (typeof project['name'] !== 'string') return undefined
  if (dynamic.includes('dependencies') || dynamic.includes('optional-dependencies'))
    return undefined
  const listed = textsIn(project['dependencies']) ?? []
  for (const [extra, requires] of Object.entries(tableIn(project, 'optional-dependencies')))
    listed.push(...(textsIn(requires) ?? []).map(text => under(text, `extra == "${extra}"`)))
  return listed
}

/**
 * The requirements in setuptools' `requires.txt`, with sections like `[extra]`, `[:marker]` and
 * `[extra:marker]`, as dependency specifiers.
 */
export const readRequiresTxt = (text: string): string[] => {
  const found: string[] = []
  let conditions: string[] = []
  for (const line of text.split(/\r?\n/, 10_000)) {
    const written = line.trim()
    if (written === '' || written.startsWith('#')) continue
    if (written.startsWith('[') && written.endsWith(']')) {
      const [extra = '', ...marker] = written.slice(1, -1).split(':')
      conditions = marker.length > 0 ? [`(${marker.join(':')})`] : []
      if (extra !== '') conditions.push(`extra == "${extra}"`)
    } else found.push(conditions.reduce(under, written))
  }
  return found
}

// A requirement that counts only where a marker holds.
const under = (requirement: string, marker: string): string => {
  const [plain = '', ...markers] = requirement.split(';').map(part => part.trim())
  return `${plain} ; ${[...markers.map(one => `(${one})`), marker].join(' and ')}`
}
