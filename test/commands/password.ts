import { PassThrough } from 'node:stream'
import t from 'tap'
import type { Invocation } from '../../src/commands/command.ts'
import { readPassword } from '../../src/commands/password.ts'

const invocation = { flags: new Map() } as unknown as Invocation

/** A terminal at which somebody has typed. */
const terminal = (typed: string) => {
  const shown: string[] = []
  const input = Object.assign(new PassThrough(), { isTTY: true })
  input.end(typed)
  return { input, output: { write: (text: string) => void shown.push(text) }, shown }
}

t.test('a password is typed twice and not shown', async t => {
  const typing = terminal('g\u00e9heim\rg\u00e9heim\r')
  t.equal(await readPassword(invocation, 'alice', typing), 'g\u00e9heim')
  t.same(typing.shown, ['Password of alice: ', '\n', 'The same again: ', '\n'])
})

t.test('the line can be edited', async t => {
  t.equal(await readPassword(invocation, 'alice', terminal('secrex\u007ft\rsecret\r')), 'secret')
})

t.test('two that differ, none, or an interruption: nothing is changed', async t => {
  for (const [typed, pattern] of [
    ['one\rtwo\r', /differ/],
    ['', /no password was given/],
    ['one\r', /no password was given/],
    ['sec\u0003', /no password was given/],
    ['sec\u0004', /no password was given/],
    ['\r\r', /is empty/],
  ] as const)
    await t.rejects(
      readPassword(invocation, 'alice', terminal(typed)),
      pattern,
      JSON.stringify(typed),
    )
})
