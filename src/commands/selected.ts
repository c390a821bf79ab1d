import { UsageError } from '../options.ts'
import type { Selection } from '../index/selection.ts'
import type { Indexes } from '../index/open.ts'
import { distFilename, fileVersion, projectsOf, type Filename } from '../spec/filename.ts'
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

/** Of several projects to which a file's name may belong, the one that knows of it. */
const ownerOf = async (
  { facts, folder }: Indexes,
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

/**
 * Runs a command on the files that its operands name, and says what it did with each.
 * @param verb what was done with them: `yanked`
 */
export const onSelected = (
  invocation: Invocation,
  verb: string,
  act: (indexes: Indexes, name: Name, selection: Selection) => Promise<readonly Filename[]>,
): Promise<number> => {
  const { operands, command } = invocation
  if (operands.length === 0) throw new UsageError(`${command.name} needs ${command.operands}`)
  const all = operands.map(readSelected)
  return withIndexes(invocation, async indexes => {
    for (const selected of all) {
      const name = await ownerOf(indexes, selected)
      for (const file of await act(indexes, name, selected.selection)) {
        await recordChange(indexes.layout.root, command, {
          event: command.name,
          project: name,
          version: fileVersion(name, file),
          file,
          change: invocation.flags.get('reason')?.at(-1),
        })
        print(`${name}/${file}: ${verb}`)
      }
    }
    return 0
  })
}
