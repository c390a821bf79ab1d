import { readSettings } from '../config/read-settings.ts'
import { Layout } from '../disk/layout.ts'
import type { Recorded } from '../journal/journal.ts'
import { readJournal } from '../journal/read.ts'
import { oneLine } from '../log.ts'
import { UsageError } from '../options.ts'
import { print, type Command } from './command.ts'
import { isSet, projectsIn } from './open-cache.ts'

/** Characters of a user agent that are shown; all of them are in the JSON. */
const shownAgent = 40

// What installers send in braces behind their name fills lines and is for statistics.
const agentOf = ({ agent = '-' }: Recorded): string =>
  (agent.split(' {', 1)[0] ?? '').slice(0, shownAgent)

const actorOf = ({ user, address, forwarded }: Recorded): string =>
  [
    user,
    user === undefined ? (address ?? '-') : address && `at ${address}`,
    forwarded && `for ${forwarded}`,
  ]
    .filter(Boolean)
    .join(' ')

const line = (entry: Recorded): string => {
  const { time, event, index, file, project, from, change } = entry
  const when = `${time.slice(0, 10)} ${time.slice(11, 19)}Z`
  const what = [
    event,
    from !== undefined && `from byte ${from}`,
    change !== undefined && `(${change})`,
  ]
  return oneLine(
    [
      when,
      actorOf(entry).padEnd(15),
      agentOf(entry).padEnd(12),
      [index, file ?? project ?? '-'].filter(Boolean).join('/'),
      what.filter(Boolean).join(' '),
    ].join('  '),
  )
}

/** Tells who downloaded or changed a project. */
export const who: Command = {
  name: 'who',
  group: 'Publishing',
  operands: 'PROJECT[==VERSION]',
  flags: ['json'],
  summary: 'who fetched or changed it',
  details:
    'Prints a line for each download, upload, yank, deletion and restoration of the project that the ' +
    'journal holds: time (UTC), user or address, user agent, file with its index, event. The journal is in ' +
    '.proxypypi/keep/journal, one JSON line for each event in a file for each day. Exits with 1 when ' +
    'there is no such event.',
  examples: [
    ['proxypypi who litellm==1.82.7', 'did anybody install that release?'],
    ['proxypypi who acme-util', 'everything that happened to a project'],
    ['proxypypi --json who litellm', 'one JSON object for each event and line'],
  ],
  async execute(invocation) {
    const [operand] = invocation.operands
    if (operand === undefined || invocation.operands.length > 1)
      throw new UsageError('who needs one PROJECT, or PROJECT==VERSION')
    const [asked = '', version] = operand.split('==', 2)
    const [project] = projectsIn([asked.trim()])
    if (project === undefined) return 1
    const { directory } = await readSettings(invocation)
    const isJson = isSet(invocation, 'json')
    let count = 0
    for await (const entry of readJournal(new Layout(directory), {
      project,
      version: version?.trim(),
    })) {
      print(isJson ? JSON.stringify(entry) : line(entry))
      count += 1
    }
    return count > 0 ? 0 : 1
  },
}
