import { Counters } from '../counters.ts'
import { prepareDirectory } from '../daemon/directory.ts'
import { statsOf } from '../disk/stamp.ts'
import { createLog } from '../log.ts'
import { UsageError } from '../options.ts'
import type { Indexes } from '../index/open.ts'
import { projectName, type Name } from '../spec/project-name.ts'
import type { Invocation } from './command.ts'
import { settingsBeside } from './settings-beside.ts'

/**
 * Runs a command on the directory itself, whether or not a server uses it at the same time.
 * Warnings go to the command's own report, so its log is silent below errors.
 * @param makes whether the directory is made when there is none, instead of taken for a mistake
 */
export const withIndexes = async (
  invocation: Invocation,
  work: (indexes: Indexes, counters: Counters) => Promise<number>,
  makes = false,
): Promise<number> => {
  const settings = await settingsBeside(invocation)
  if (!makes && statsOf(settings.directory) === undefined) throw noDirectory(settings.directory)
  await prepareDirectory(settings)
  const log = createLog({ format: 'text', level: 'error' })
  const { openIndexes } = await import('../index/open.ts')
  const counters = new Counters()
  const indexes = openIndexes(settings, log, counters)
  try {
    return await work(indexes, counters)
  } finally {
    await indexes.close()
    await log.flush()
  }
}

/** Said where a directory that was named is not there. */
export const noDirectory = (directory: string): Error =>
  new Error(`there is no ${directory}; name the directory with --cache`)

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
