import { userInfo } from 'node:os'
import { Layout } from '../disk/layout.ts'
import type { Entry } from '../journal/journal.ts'
import { createLog } from '../log.ts'
import type { Command } from './command.ts'

// Some systems know no name for the user of a container.
const operator = (): string | undefined => {
  try {
    return userInfo().username
  } catch {
    return undefined
  }
}

/** Records what somebody has changed by a command, under the name by which the system knows them. */
export const recordChange = async (
  directory: string,
  command: Command,
  change: Entry,
): Promise<void> => {
  const { Journal } = await import('../journal/journal.ts')
  const journal = new Journal(new Layout(directory), createLog({ format: 'text', level: 'error' }))
  await journal.record({ user: operator(), agent: `proxypypi ${command.name}`, ...change })
  await journal.close()
}
