import { UsageError } from '../options.ts'
import type { View } from '../index/merge.ts'
import type { Indexes } from '../index/open.ts'
import type { UploadedFact } from '../index/fact.ts'
import type { Local } from '../index/local.ts'
import { fileVersion } from '../spec/filename.ts'
import type { File } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import { isSameVersion } from '../spec/same-version.ts'
import { print, type Command } from './command.ts'
import { projectsIn, withIndexes } from './open-cache.ts'

const owners = {
  private: 'private: only the files in the directory, upstream is never asked',
  public: "public: upstream's files and those in the directory",
  open: 'not decided: there are dropped files, and upstream could not be asked yet',
} as const

type Matching = (file: Pick<File, 'filename'>) => boolean

const isOf =
  (name: Name, version: string | undefined): Matching =>
  ({ filename }) =>
    version === undefined || isSameVersion(fileVersion(name, filename) ?? '', version)

const day = (time: string): string => time.slice(0, 10)

const someone = (by: string | undefined): string => by ?? 'somebody on this machine'

const uploadedLine = ({ file, by, at, yanked }: UploadedFact): string => {
  const said = `uploaded  ${file.filename} by ${someone(by)}, ${day(at)}`
  if (yanked === undefined) return said
  const reason = typeof file.yanked === 'string' ? `: ${file.yanked}` : ''
  return `${said}; yanked by ${someone(yanked.by)}, ${day(yanked.at)}${reason}`
}

/** What lies in the directory, a line for each file. */
const localLines = (local: Local, matching: Matching): string[] => {
  const uploaded = [...local.uploaded.values()].filter(({ fact }) => matching(fact.file))
  const dropped = [...local.dropped.values()].filter(({ file }) => matching(file))
  const mirrored = [...local.mirrored.values()].filter(({ fact }) => matching(fact.file))
  const deleted = [...local.deleted.values()].filter(matching)
  const said = [
    ...uploaded.map(({ fact }) => uploadedLine(fact)),
    ...dropped.map(({ file }) => `dropped   ${file.filename}`),
    ...mirrored.map(
      ({ fact }) => `cached    ${fact.file.filename} from ${fact.upstream}, ${day(fact.at)}`,
    ),
  ]
  if (said.length === 0) said.push('cached    nothing')
  for (const { filename, by, at } of deleted)
    said.push(`deleted   ${filename} by ${someone(by)}, ${day(at)}: its name stays reserved`)
  return said
}

const lines = async (name: Name, version: string | undefined, view: View): Promise<string[]> => {
  const { local, owner, listed, cutOff } = view
  const matching = isOf(name, version)
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
  return [...said, ...localLines(local, matching)]
}

const explainOne = async ({ root }: Indexes, operand: string): Promise<number> => {
  const [asked = '', version] = operand.split('==', 2)
  const [name] = projectsIn([asked])
  if (name === undefined) return 1
  const view = await root.explain(name)
  for (const line of await lines(name, version, view)) print(line)
  const { local, listed } = view
  const held = [local.mirrored, local.uploaded, local.dropped, local.deleted]
  return listed === undefined && held.every(({ size }) => size === 0) ? 1 : 0
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
