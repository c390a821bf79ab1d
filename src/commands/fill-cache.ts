import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { UsageError } from '../options.ts'
import { prefetch as fill, type Report } from '../prefetch/prefetch.ts'
import { targetsFor } from '../prefetch/targets.ts'
import type { Wishes } from '../prefetch/wish.ts'
import { readWishes } from '../prefetch/wishes/read-wishes.ts'
import type { Indexes } from '../index/open.ts'
import { readTarget, type Target } from '../spec/environment.ts'
import { InputError } from '../spec/input-error.ts'
import { longBytes } from './banner.ts'
import { complain, print, type Invocation } from './command.ts'
import { thisPlatform, thisPython } from '../prefetch/host.ts'
import { isSet } from './open-cache.ts'
import { ProgressLine } from './progress-line.ts'

interface Input {
  /** As the user named it. */
  readonly name: string
  readonly wishes: Wishes
}

// What the user got wrong is known by its exit code.
const asUsage = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    if (error instanceof InputError) throw new UsageError(error.message, { cause: error })
    throw error
  }
}

const open = async (path: string): Promise<Buffer> => {
  try {
    return await readFile(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(`${path} cannot be read (${code})`, { cause: error })
  }
}

const readInput = async (operand: string, { cwd, env }: Invocation): Promise<Input> => {
  const isPiped = operand === '-'
  const text = await (isPiped ? buffer(process.stdin) : open(resolve(cwd, operand)))
  const name = isPiped ? 'standard input' : operand
  const around = { name, readFile: (path: string) => open(resolve(cwd, path)), variables: env }
  return { name, wishes: await readWishes(text, around) }
}

/** What to fetch for; `python3` is asked for its version only where that matters. */
const readTargets = async (
  { flags }: Invocation,
  inputs: readonly Input[],
): Promise<{ host: Target; targetsOf: (input: Input) => Target[] }> => {
  const asked = { pythons: flags.get('python') ?? [], platforms: flags.get('platform') ?? [] }
  const [first = await thisPython()] = asked.pythons.filter(python => python !== 'any')
  const host = readTarget(first, thisPlatform())
  const targets = new Map(
    inputs.map(input => [input, targetsFor(asked, input.wishes.closed, host)]),
  )
  return { host, targetsOf: input => targets.get(input) ?? [] }
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

const summary = (reports: readonly Report[]): string => {
  const files = new Map(
    reports.flatMap(({ files }) => files).map(file => [file.filename, file] as const),
  )
  const fetched = [...files.values()].filter(file => file.fetched)
  const bytes = fetched.reduce((sum, { size }) => sum + size, 0)
  const here = files.size - fetched.length
  const failures = reports.reduce((sum, report) => sum + report.failures.length, 0)
  return [
    counted(files.size, 'file'),
    `${fetched.length} fetched (${longBytes(bytes)})`,
    `${here} ${here === 1 ? 'was' : 'were'} here`,
    ...(failures > 0 ? [counted(failures, 'failure')] : []),
  ].join(', ')
}

const tell = ({ failures, notes, unparseable }: Report): void => {
  for (const { place, reason } of unparseable)
    if (reason !== undefined) complain(`passed over: ${place}: ${reason}`)
  for (const note of notes) complain(`note: ${note}`)
  for (const failure of failures) complain(failure)
}

/** Reads the files that the command line names, fetches what they need and tells of it; the exit code. */
export const fillCache = async (invocation: Invocation, { root }: Indexes): Promise<number> => {
  const inputs: Input[] = []
  for (const operand of invocation.operands)
    inputs.push(await asUsage(() => readInput(operand, invocation)))
  const { host, targetsOf } = await asUsage(() => readTargets(invocation, inputs))
  const isJson = isSet(invocation, 'json')
  const line = new ProgressLine(process.stderr)
  const reports: Report[] = []
  for (const input of inputs) {
    const onProgress = line.show.bind(line)
    const report = await fill(root, input.wishes, targetsOf(input), { host, onProgress })
    line.clear()
    reports.push(report)
    if (isJson) print(JSON.stringify({ input: input.name, ...report }))
    else tell(report)
  }
  if (!isJson) print(summary(reports))
  return reports.every(({ failures }) => failures.length === 0) ? 0 : 1
}
