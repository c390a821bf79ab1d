import { UsageError } from '../options.ts'
import type { View } from '../index/merge.ts'
import type { Indexes } from '../server.ts'
import { fileVersion } from '../spec/filename.ts'
import type { File } from '../spec/page.ts'
import { normalVersion } from '../spec/version.ts'
import type { Name } from '../spec/project-name.ts'
import { print, type Command } from './command.ts'
import { projectsIn, withIndexes } from './open-cache.ts'

const owners = {
  private: 'private: only the files in the directory, upstream is never asked',
  public: "public: upstream's files and those in the directory",
  open: 'not decided: there are dropped files, and upstream could not be asked yet',
} as const

const isOf = (name: Name, version: string | undefined) => {
  const wanted = version === undefined ? undefined : (normalVersion(version) ?? version)
  return ({ filename }: Pick<File, 'filename'>): boolean => {
    const found = fileVersion(name, filename)
    return (
      wanted === undefined || (found !== undefined && (normalVersion(found) ?? found) === wanted)
    )
  }
}

const lines = async (name: Name, version: string | undefined, view: View): Promise<string[]> => {
  const { local, owner, listed, cutOff } = view
  const matching = isOf(name, version)
  const mirrored = [...local.mirrored.values()]
    .map(({ fact }) => fact)
    .filter(({ file }) => matching(file))
  const dropped = [...local.dropped.values()].filter(({ file }) => matching(file))
  const said = [
    `project   ${name}${version === undefined ? '' : ` ${version}`}`,
    `owner     ${owners[owner.kind]}`,
  ]
  if (owner.reason !== undefined) said.push(`rule      ${owner.reason}`)
  if (cutOff) said.push('upstream  cannot be asked: only held files are listed')
  if (listed !== undefined) {
    const files = (await listed.held.page()).files.filter(matching)
    const yanked = files.filter(file => file.yanked !== undefined && file.yanked !== false)
    said.push(
      `upstream  ${listed.mirror.name} lists ${files.length} files${yanked.length > 0 ? `, ${yanked.length} of them yanked` : ''}`,
      `confirmed ${new Date(listed.held.confirmed).toISOString()}${listed.source === 'stale' ? ' (stale: upstream does not answer)' : ''}`,
    )
    if (listed.held.head.quarantined === true)
      said.push('hidden    all files: quarantined upstream as malware')
  } else if (owner.kind === 'public' && !cutOff) said.push('upstream  no upstream has it')
  for (const { file } of dropped) said.push(`dropped   ${file.filename}`)
  for (const fact of mirrored)
    said.push(`cached    ${fact.file.filename} from ${fact.upstream}, ${fact.at.slice(0, 10)}`)
  if (dropped.length + mirrored.length === 0) said.push('cached    nothing')
  return said
}

const explainOne = async ({ root }: Indexes, operand: string): Promise<number> => {
  const [asked = '', version] = operand.split('==', 2)
  const [name] = projectsIn([asked])
  if (name === undefined) return 1
  const view = await root.explain(name)
  for (const line of await lines(name, version, view)) print(line)
  const { local, listed } = view
  return listed === undefined && local.mirrored.size + local.dropped.size === 0 ? 1 : 0
}

/** Tells whose a project is and why. */
export const explain: Command = {
  name: 'explain',
  group: 'Cache',
  operands: 'PROJECT[==VERSION]',
  summary: 'who owns a project, why',
  details:
    'Says which index owns the project and by which rule, what is cached, what is hidden and when ' +
    'upstream confirmed it last. Exits with 1 when there is no such project.',
  examples: [
    ['proxypypi explain requests', 'the whole project'],
    ['proxypypi explain requests==2.32.3', 'one release'],
    ['proxypypi explain acme-util', 'why its upstream files are hidden'],
  ],
  execute: invocation => {
    const [operand] = invocation.operands
    if (operand === undefined || invocation.operands.length > 1)
      throw new UsageError('explain needs one PROJECT')
    return withIndexes(invocation, indexes => explainOne(indexes, operand))
  },
}
