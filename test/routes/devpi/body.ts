/** JSON from outside, however it is meant (devpi-api 1.2; bad input of every JSON body). */
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import t from 'tap'
import { Exchange } from '../../../src/http/exchange.ts'
import { jsonBody, objectBody, textBody } from '../../../src/routes/devpi/body.ts'

const exchangeOf = (body: string | Buffer, headers: Record<string, string> = {}): Exchange => {
  const request = Object.assign(Readable.from([Buffer.from(body)]), {
    headers,
    method: 'POST',
    url: '/',
    httpVersion: '1.1',
  })
  return new Exchange(request as unknown as IncomingMessage)
}

const statusOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 200,
    (error: { status?: unknown }) => error.status,
  )

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

t.test('any value, whatever its type is called', async t => {
  for (const value of [{ a: [1, { b: null }] }, [], 'text', 0, null, true])
    t.same(await jsonBody(exchangeOf(JSON.stringify(value), { 'content-type': 'text/xml' })), value)
})

t.test('once read it can be asked for again', async t => {
  const exchange = exchangeOf('{"a": 1}')
  t.equal(await textBody(exchange), '{"a": 1}')
  t.same(await jsonBody(exchange), { a: 1 })
  t.same(await objectBody(exchange), { a: 1 })
})

t.test('what is no JSON, or would harm whoever reads it', async t => {
  for (const [body, status] of [
    ['', 400],
    ['{', 400],
    ['{"a": 1} x', 400],
    ["{'a': 1}", 400],
    [Buffer.from([0x22, 0xff, 0x22]), 400],
    [nested(100), 400],
    [nested(100_000), 400],
    ['{"__proto__": {"isAdmin": true}}', 400],
    ['{"a": [{"b": {"__proto__": 1}}]}', 400],
    [`"${'x'.repeat(1024 * 1024)}"`, 413],
  ] as const)
    t.equal(
      await statusOf(jsonBody(exchangeOf(body))),
      status,
      `${body.length}: ${body.toString().slice(0, 40)}`,
    )
  t.same(await jsonBody(exchangeOf(nested(40))), JSON.parse(nested(40)))
  t.equal(Reflect.get({}, 'isAdmin'), undefined)
})

t.test('too much is refused by its length before it is read', async t => {
  const exchange = exchangeOf('{}', { 'content-length': String(2 * 1024 * 1024) })
  t.equal(await statusOf(jsonBody(exchange)), 413)
})

t.test('an object where one is needed', async t => {
  t.same(await objectBody(exchangeOf('{"a": 1}')), { a: 1 })
  for (const body of ['[]', 'null', '1', '"text"'])
    t.equal(await statusOf(objectBody(exchangeOf(body))), 400, body)
})
