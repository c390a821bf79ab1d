import { complain, print } from './commands/command.ts'
import type { Command } from './commands/command.ts'
import { commandHelp, commandNamed, overview } from './commands/help.ts'
import { commands } from './commands/table.ts'
import { parseArguments } from './config/arguments.ts'
import type { Arguments } from './config/arguments.ts'
import { nodeInsecure, nodeTooOld } from './config/node-version.ts'
import { oneLine, redact } from './log.ts'
import type { Translated } from './presets/pypicache.ts'
import { optionNamed, UsageError } from './options.ts'
import { version } from './version.ts'

const refuseForeign = (command: Command, { flags, operands }: Arguments): void => {
  for (const key of flags.keys()) {
    if (optionNamed(key)?.only !== 'flag' || command.flags?.includes(key) === true) continue
    throw new UsageError(`--${key} has no meaning for ${command.name}`)
  }
  if (command.operands !== undefined || operands.length < 2) return
  throw new UsageError(`${command.name} takes no arguments, but there is "${operands[1]}"`)
}

const execute = async (parsed: Arguments): Promise<number> => {
  const [name, ...operands] = parsed.operands
  if (name === undefined) {
    if (parsed.help) print(overview(commands))
    else process.stderr.write(`${overview(commands)}\n`)
    return parsed.help ? 0 : 2
  }
  const command = commandNamed(name, commands)
  if (parsed.help) {
    print(commandHelp(command))
    return 0
  }
  refuseForeign(command, parsed)
  const { flags } = parsed
  const sources = { flags, env: process.env, cwd: process.cwd() }
  return command.execute({ ...sources, command, operands, commands })
}

const report = (error: unknown, isDebugging: boolean): number => {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  complain(oneLine(redact(message)))
  if (isDebugging && stack !== undefined) process.stderr.write(`${redact(stack)}\n`)
  return error instanceof UsageError ? 2 : 1
}

// A reader that is gone must end neither a server nor a list (fault C37).
const ignore = (): void => {}

/**
 * The program: executes a command line and returns the exit code. Whatever goes wrong is one line on
 * standard error.
 * @param translate for a program of another name: makes its command line one of ours
 */
export const main = async (
  argv: readonly string[],
  translate?: (argv: readonly string[]) => Promise<Translated>,
): Promise<number> => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.off('error', ignore).on('error', ignore)
  }
  const refusal = nodeTooOld(process.versions.node)
  if (refusal !== undefined) {
    complain(refusal)
    return 1
  }
  let isDebugging = false
  try {
    const ours: Translated = await (translate?.(argv) ?? { argv })
    if (ours.warning !== undefined) complain(ours.warning)
    if ('text' in ours) {
      print(ours.text)
      return 0
    }
    const parsed = await parseArguments(ours.argv)
    isDebugging = parsed.flags.get('log-level')?.at(-1) === 'debug'
    if (parsed.version) {
      print(version)
      return 0
    }
    const warning = nodeInsecure(process.versions.node)
    if (warning !== undefined) complain(warning)
    return await execute(parsed)
  } catch (error) {
    return report(error, isDebugging)
  }
}
