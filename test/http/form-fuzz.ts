/** Damaged forms of all kinds (faults P05, P07): there is always an answer, and nothing is left. */
import { mkdirSync, readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { receiveForm } from '../../src/http/form.ts'
import { text } from '../../src/http/reply.ts'
import {
  below,
  exchangeOf,
  formOf,
  formType,
  inPieces,
  oneOf,
  randomFrom,
  type MadePart,
  type Random,
} from './fixtures/forms.ts'
import { listening } from './fixtures/listening.ts'

const seed = Number(process.env['FUZZ_SEED'] ?? 20_260_802)

/** Forms that are always tried, and milliseconds after which no more are, however slow the machine is. */
const least = 60
const longest = 4000

const parts = (random: Random): MadePart[] =>
  Array.from({ length: below(random, 6) }, (_, n) => {
    const content = Buffer.alloc(oneOf(random, [0, 1, 100, 3000, 70_000]), below(random, 256))
    const name = oneOf(random, ['name', 'content', '', 'md5_digest', '__proto__'])
    return n % 2 === 0 ? { name, content } : { name, content, filename: '../x' }
  })

const mutations: readonly ((bytes: Buffer, at: number, random: Random) => Buffer)[] = [
  bytes => bytes,
  (bytes, at) => bytes.subarray(0, at),
  (bytes, at) => bytes.subarray(at),
  (bytes, at, random) =>
    Buffer.concat([bytes.subarray(0, at), bytes.subarray(below(random, at + 1))]),
  (bytes, at, random) => {
    const changed = Buffer.from(bytes)
    changed[at] = below(random, 256)
    return changed
  },
  (bytes, at, random) => {
    const inserted = oneOf(random, [
      '\r\n--a-boundary\r\n',
      '\n--a-boundary\n',
      '--a-boundary--',
      '\r\n--a-boundary--\r\n',
      '\r\n\r\n',
      '"',
      '\0',
      ';=',
      'x'.repeat(17_000),
      'a: b\r\n'.repeat(3000),
      '\r\n--a-boundary\r\n'.repeat(2500),
    ])
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(inserted), bytes.subarray(at)])
  },
  bytes => Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1'),
  bytes => Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1'),
]

const damaged = (random: Random): Buffer => {
  const eol = oneOf(random, ['\r\n', '\n'] as const)
  let bytes = formOf(parts(random), { eol, preamble: oneOf(random, ['', eol, 'x']) })
  for (let count = below(random, 4); count >= 0; count -= 1)
    bytes = oneOf(random, mutations)(bytes, below(random, bytes.length + 1), random)
  return bytes
}

t.test('a damaged form is a form or a refusal, however it comes', async t => {
  t.comment(`FUZZ_SEED=${seed}`)
  const random = randomFrom(seed)
  const temporary = t.testdir()
  const outcomes = new Map<string, number>()
  const before = process.memoryUsage().arrayBuffers
  const until = performance.now() + longest
  for (let turn = 0; turn < least || (turn < 1000 && performance.now() < until); turn += 1) {
    const exchange = exchangeOf(inPieces(damaged(random), random))
    const outcome = await receiveForm(exchange, { temporary, most: 100_000 }).then(
      async form => {
        await form.discard()
        return '200'
      },
      (error: unknown) => String((error as { status?: number }).status),
    )
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    if (readdirSync(temporary).length > 0) t.fail(`turn ${turn} of seed ${seed} left files`)
  }
  t.comment(Object.fromEntries(outcomes))
  t.same(
    [...outcomes.keys()].filter(outcome => !/^(?:200|400|413)$/.test(outcome)),
    [],
  )
  t.ok(outcomes.has('200') && outcomes.has('400'))
  t.ok(process.memoryUsage().arrayBuffers - before < 200 << 20)
})

/** Sends the head of a request and its bytes, closes this side, and gives back the status; 0 for none. */
const statusOf = (port: number, head: string, pieces: readonly Buffer[]): Promise<number> =>
  new Promise(resolve => {
    const answer: Buffer[] = []
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.setNoDelay()
    socket.write(`${head}\r\n\r\n`)
    for (const piece of pieces) socket.write(piece)
    socket.end()
    socket.on('data', bytes => answer.push(bytes))
    socket.on('error', () => {})
    socket.on('close', () => {
      const [, status = '0'] = /^HTTP\/1\.1 (\d{3}) /.exec(Buffer.concat(answer).toString()) ?? []
      resolve(Number(status))
    })
  })

t.test('the same over the wire, with lengths that are true or not', async t => {
  t.comment(`FUZZ_SEED=${seed}`)
  const random = randomFrom(seed)
  const temporary = join(t.testdir(), 'tmp')
  mkdirSync(temporary)
  const { port, lines } = await listening(t, async exchange => {
    const form = await receiveForm(exchange, { temporary, most: 100_000 })
    await form.discard()
    return text(200, 'taken')
  })
  const until = performance.now() + longest
  for (let turn = 0; turn < least || (turn < 300 && performance.now() < until); turn += 1) {
    const body = damaged(random)
    const framing = oneOf(random, [
      `Content-Length: ${body.length}`,
      `Content-Length: ${body.length + 1 + below(random, 100)}`,
      `Content-Length: ${below(random, body.length + 1)}`,
      'Transfer-Encoding: chunked',
    ])
    const head = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: ${formType()}\r\n${framing}`
    const status = await statusOf(port, head, inPieces(body, random).slice(0, 2000))
    if (![200, 400, 413].includes(status)) t.fail(`turn ${turn} of seed ${seed}: ${status}`)
    if (readdirSync(temporary).length > 0) t.fail(`turn ${turn} of seed ${seed} left files`)
  }
  t.same(lines, [], 'no error is ours')
})
