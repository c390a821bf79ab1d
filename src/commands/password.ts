import { createInterface } from 'node:readline'
import type { Interface } from 'node:readline'
import { Writable } from 'node:stream'
import { passwordFault } from '../accounts/password.ts'
import { UsageError } from '../options.ts'
import type { Invocation } from './command.ts'
import { isSet } from './open-cache.ts'

/** Where passwords are typed, and where is written what to type. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly output: { write(text: string): unknown }
}

/** Bytes; what is longer is no password but a file given by mistake. */
const longest = 64 * 1024

const ask = async (
  question: string,
  answers: AsyncIterator<string>,
  { output }: Terminal,
): Promise<string> => {
  output.write(question)
  const answer = await answers.next()
  output.write('\n')
  if (answer.done === true) throw new Error('no password was given: nothing is changed')
  return answer.value
}

// The editing of the line is the terminal's, and all that it would show goes nowhere.
const hiddenLines = (input: NodeJS.ReadableStream): Interface => {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input, output: nowhere, terminal: true, historySize: 0 })
  lines.on('SIGINT', () => lines.close())
  return lines
}

const askTwice = async (name: string, terminal: Terminal): Promise<string> => {
  const lines = hiddenLines(terminal.input)
  const answers = lines[Symbol.asyncIterator]()
  try {
    const password = await ask(`Password of ${name}: `, answers, terminal)
    const again = await ask('The same again: ', answers, terminal)
    if (password !== again) throw new Error('the two passwords differ: nothing is changed')
    return password
  } finally {
    lines.close()
  }
}

const readAll = async (input: NodeJS.ReadableStream): Promise<string> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk as string | Uint8Array)
    chunks.push(bytes)
    size += bytes.length
    if (size > longest) break
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}

/**
 * A user's new password: all of standard input with `--password-stdin`, else typed twice without
 * being shown. Never an argument, which every user of the machine could read.
 * @throws {UsageError} without a terminal, and when it cannot be a password
 */
export const readPassword = async (
  invocation: Invocation,
  name: string,
  terminal: Terminal = { input: process.stdin, output: process.stderr },
): Promise<string> => {
  const { input } = terminal
  const isPiped = isSet(invocation, 'password-stdin')
  if (!isPiped && input.isTTY !== true)
    throw new UsageError('there is no terminal to ask for the password: use --password-stdin')
  const password = isPiped ? await readAll(input) : await askTwice(name, terminal)
  const fault = passwordFault(password)
  if (fault !== undefined) throw new UsageError(`${fault}: nothing is changed`)
  return password
}
