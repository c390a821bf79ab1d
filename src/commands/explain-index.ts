import type { Indexes } from '../index/open.ts'
import type { Opened } from '../index/registry.ts'
import { UsageError } from '../options.ts'
import { readIndexName } from '../spec/index-name.ts'
import type { Name } from '../spec/project-name.ts'
import { print } from './command.ts'
import { isOf, localLines, type Matching } from './local-lines.ts'

/** What one of the indexes that are looked through has of a project. */
const linesOf = async (
  { name: index, own, folder }: Opened,
  name: Name,
  matching: Matching,
): Promise<{ has: boolean; lines: string[] }> => {
  const project = await own.project(name)
  if (project === undefined) return { has: false, lines: [`${index}: has no such project`] }
  const files = (await project.page()).files.filter(matching)
  const local = await folder.of(name)
  const held = local.uploaded.size + local.dropped.size + local.mirrored.size + local.deleted.size
  return {
    has: true,
    lines: [
      `${index}: lists ${files.length} files${project.source === 'stale' ? ' (stale: upstream does not answer)' : ''}`,
      ...(held === 0 ? [] : localLines(local, matching)),
    ],
  }
}

/**
 * Says where an index looks for a project, what it finds there and which mirrors it leaves out.
 * @returns the exit code: 1 when it has no such project
 */
export const explainIn = async (
  { registry }: Pick<Indexes, 'registry'>,
  asked: string,
  name: Name,
  version: string | undefined,
): Promise<number> => {
  const index = readIndexName(asked)
  if (index === undefined) throw new UsageError(`${JSON.stringify(asked)} is no USER/INDEX`)
  const opened = await registry.open(index)
  if (opened === undefined) throw new UsageError(`there is no index ${index}`)
  const { looked, note } = await opened.resolve(name)
  print(`project   ${name}${version === undefined ? '' : ` ${version}`} in ${index}`)
  print(`looked in ${looked.map(member => member.name).join(', ')}`)
  if (note !== undefined) print(`note      ${note}`)
  let has = false
  for (const member of looked) {
    const found = await linesOf(member, name, isOf(name, version))
    has ||= found.has
    for (const line of found.lines) print(line)
  }
  return has ? 0 : 1
}
