import { UsageError } from '../options.ts'
import type { View } from '../index/merge.ts'
import type { Indexes } from '../index/open.ts'
import type { Name } from '../spec/project-name.ts'
import { print, type Command } from './command.ts'
import { explainIn } from './explain-index.ts'
import { isOf, localLines } from './local-lines.ts'
import { projectsIn, withIndexes } from './open-cache.ts'

const owners = {
  private: 'private: only the files in the directory, upstream is never asked',
  public: "public: upstream's files and those in the directory",
  open: 'not decided: there are dropped files, and upstream could not be asked yet',
} as const

const lines = async (
  name: Name,
  version: string | undefined,
  view: View,
  limits: string | undefined,
): Promise<string[]> => {
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
      `upstream  ${listed.mirror.name} lists ${files.length} ${files.length === 1 ? 'file' : 'files'}${yanked.length > 0 ? `, ${yanked.length} of them yanked` : ''}`,
      `confirmed ${new Date(listed.held.confirmed).toISOString()}${listed.source === 'stale' ? ' (stale: upstream does not answer)' : ''}`,
    )
    if (listed.held.head.quarantined === true)
      said.push('hidden    all files: quarantined upstream as malware')
  } else if (owner.kind === 'public' && !cutOff)
    said.push(`upstream  ${limits === undefined ? 'no upstream has it' : `not asked; ${limits}`}`)
  return [...said, ...localLines(local, matching)]
}

const explainOne = async (
  indexes: Indexes,
  operand: string,
  index: string | undefined,
): Promise<number> => {
  const [asked = '', version] = operand.split('==', 2)
  const [name] = projectsIn([asked])
  if (name === undefined) return 1
  if (index !== undefined) return explainIn(indexes, index, name, version)
  const { root } = indexes
  const view = await root.explain(name)
  for (const line of await lines(name, version, view, root.limits)) print(line)
  const { local, listed } = view
  const held = [local.mirrored, local.uploaded, local.dropped, local.deleted]
  return listed === undefined && held.every(({ size }) => size === 0) ? 1 : 0
}

/** Tells whose a project is and why. */
export const explain: Command = {
  name: 'explain',
  group: 'Cache',
  operands: '[USER/INDEX] PROJECT[==VERSION]',
  summary: 'who owns a project, why',
  details:
    'Says which index owns the project and by which rule, what is cached, what is hidden and when ' +
    'upstream confirmed it last. Of a named index it says where the project is looked for, in which ' +
    'order, and which mirrors are left out. Exits with 1 when there is no such project.',
  examples: [
    ['proxypypi explain requests==2.32.3', 'one release'],
    ['proxypypi explain acme-util', 'why its upstream files are hidden'],
    ['proxypypi explain alice/dev acme-util', 'what alice/dev shows of it'],
  ],
  execute: invocation => {
    const [operand, ...before] = invocation.operands.toReversed()
    if (operand === undefined || before.length > 1)
      throw new UsageError('explain needs one PROJECT')
    return withIndexes(invocation, indexes => explainOne(indexes, operand, before[0]))
  },
}
