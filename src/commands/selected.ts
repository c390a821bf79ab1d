import { Changes } from '../disk/changes.ts'
import { Facts } from '../index/facts.ts'
import type { Folder } from '../index/folder.ts'
import type { Indexes } from '../index/open.ts'
import type { Selection } from '../index/selection.ts'
import type { Stage } from '../index/stage.ts'
import { UsageError } from '../options.ts'
import { distFilename, fileVersion, projectsOf, type Filename } from '../spec/filename.ts'
import { readIndexName, rootIndex, type IndexName } from '../spec/index-name.ts'
import { projectName, type Name } from '../spec/project-name.ts'
import { print, type Invocation } from './command.ts'
import { withIndexes } from './open-cache.ts'
import { recordChange } from './operator.ts'

/** What an operand of `yank`, `delete` and the like means. */
export interface Selected {
  /** The projects that it may be of, most likely first. */
  readonly names: readonly [Name, ...Name[]]
  readonly selection: Selection
}

/**
 * Reads `PROJECT==VERSION` or the name of a file.
 * @throws {UsageError} for anything else; a project alone would be too much by mistake
 */
export const readSelected = (operand: string): Selected => {
  const filename = distFilename(operand)
  const [first, ...others] = filename === undefined ? [] : projectsOf(filename)
  if (filename !== undefined && first !== undefined)
    return { names: [first, ...others], selection: { filename } }
  const [project = '', version = ''] = operand.split('==', 2)
  const name = projectName(project.trim())
  if (name === undefined || version.trim() === '')
    throw new UsageError(`"${operand}" is neither PROJECT==VERSION nor the name of a file`)
  return { names: [name], selection: { version: version.trim() } }
}

/** Where files are changed: the root index, or one that was named. */
interface Ground {
  readonly index: IndexName | undefined
  readonly stage: Stage
  readonly folder: Folder
  readonly facts: Facts
}

const groundOf = async (indexes: Indexes, asked: string | undefined): Promise<Ground> => {
  if (asked === undefined) return { ...indexes, index: undefined }
  const index = readIndexName(asked)
  if (index === undefined) throw new UsageError(`${JSON.stringify(asked)} is no USER/INDEX`)
  if (index === rootIndex) return { ...indexes, index: undefined }
  const opened = await indexes.registry.open(index)
  if (opened === undefined)
    throw new Error(`there is no index ${index}; "proxypypi index list" shows all`)
  const { stage, folder, layout } = opened
  if (stage === undefined) throw new Error(`index ${index} is a mirror: nothing was uploaded there`)
  return { index, stage, folder, facts: new Facts(layout) }
}

/** Of several projects to which a file's name may belong, the one that knows of it. */
const ownerOf = async (
  { facts, folder }: Ground,
  { names, selection }: Selected,
): Promise<Name> => {
  const { filename } = selection
  for (const name of filename === undefined ? [] : names) {
    const local = await folder.of(name)
    const { uploaded } = await facts.of(name)
    const places = [local.uploaded, local.dropped, local.mirrored, local.deleted, uploaded]
    if (places.some(place => place.has(filename as Filename))) return name
  }
  return names[0]
}

const record = async (
  { layout }: Indexes,
  { command, flags }: Invocation,
  { index }: Ground,
  name: Name,
  file: Filename,
): Promise<void> => {
  // devpi's clients see a change of the indexes that they know.
  if (index !== undefined) await new Changes(layout).note()
  await recordChange(layout.root, command, {
    event: command.name,
    index,
    project: name,
    version: fileVersion(name, file),
    file,
    change: flags.get('reason')?.at(-1),
  })
}

/** What the operands of these commands look like, for help. */
export const selectedOperands = '[USER/INDEX] PROJECT==VERSION|FILE...'

/**
 * Runs a command on the files that its operands name, of the root index unless the first operand
 * names another, and says what it did with each.
 * @param verb what was done with them: `yanked`
 */
export const onSelected = (
  invocation: Invocation,
  verb: string,
  act: (stage: Stage, name: Name, selection: Selection) => Promise<readonly Filename[]>,
): Promise<number> => {
  const { command } = invocation
  const [first, ...others] = invocation.operands
  const asked = first?.includes('/') === true ? first : undefined
  const operands = asked === undefined ? invocation.operands : others
  if (operands.length === 0) throw new UsageError(`${command.name} needs ${command.operands}`)
  const all = operands.map(readSelected)
  return withIndexes(invocation, async indexes => {
    const ground = await groundOf(indexes, asked)
    for (const selected of all) {
      const name = await ownerOf(ground, selected)
      for (const file of await act(ground.stage, name, selected.selection)) {
        await record(indexes, invocation, ground, name, file)
        print(`${[ground.index, name, file].filter(Boolean).join('/')}: ${verb}`)
      }
    }
    return 0
  })
}
