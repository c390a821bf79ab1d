import { readSettings } from '../config/read-settings.ts'
import { Counters } from '../counters.ts'
import { prepareDirectory } from '../daemon/directory.ts'
import { createLog } from '../log.ts'
import type { Log } from '../log.ts'
import { UsageError } from '../options.ts'
import type { Indexes } from '../index/open.ts'
import { projectName, type Name } from '../spec/project-name.ts'
import type { Invocation } from './command.ts'

/**
 * Runs a command on the directory itself, whether or not a server uses it at the same time.
 * Warnings go to the command's own report, so its log is silent below errors.
 */
export const withIndexes = async (
  invocation: Invocation,
  work: (indexes: Indexes, log: Log) => Promise<number>,
): Promise<number> => {
  const settings = await readSettings(invocation)
  await prepareDirectory(settings)
  const log = createLog({ format: 'text', level: 'error' })
  const { openIndexes } = await import('../index/open.ts')
  const indexes = openIndexes(settings, log, new Counters())
  try {
    return await work(indexes, log)
  } finally {
    await indexes.close()
    await log.flush()
  }
}

/** The projects that operands name. Throws `UsageError` for what is no project name. */
export const projectsIn = (operands: readonly string[]): Name[] =>
  operands.map(operand => {
    const name = projectName(operand)
    if (name === undefined) throw new UsageError(`"${operand}" is no project name`)
    return name
  })

/** True when a flag was given. */
export const isSet = (invocation: Invocation, flag: string): boolean =>
  invocation.flags.get(flag)?.at(-1) === 'true'
