import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { Repeats, wholeRequest } from '../../src/http/repeats.ts'

const head = 'GET /a HTTP/1.1\r\nHost: here\r\n\r\n'

const parsed = (more: object = {}): IncomingMessage =>
  ({
    method: 'GET',
    url: '/a',
    headers: { host: 'here' },
    rawHeaders: ['Host', 'here'],
    httpVersion: '1.1',
    ...more,
  }) as unknown as IncomingMessage

t.test('a packet that is one whole request that only reads', async t => {
  for (const text of [head, head.replace('GET', 'HEAD'), 'GET / HTTP/1.1\r\n\r\n'])
    t.equal(wholeRequest(Buffer.from(text)), text)
})

t.test('and any other', async t => {
  for (const text of [
    '',
    'G',
    'GET',
    head.slice(0, -1),
    `${head}x`,
    head + head,
    ` ${head}`,
    `\r\n${head}`,
    head.replace('GET', 'POST'),
    head.replace('GET', 'GETTING'),
    head.toLowerCase(),
    `GET /${'a'.repeat(4096)} HTTP/1.1\r\n\r\n`,
    `GETaGET / HTTP/1.1\r\n\r\n`,
  ])
    t.equal(wholeRequest(Buffer.from(text)), undefined, text.slice(0, 40))
})

t.test('what was understood is remembered by its bytes, and cannot be changed', async t => {
  const repeats = new Repeats()
  t.equal(repeats.recall(head), undefined)
  repeats.remember(head, parsed())
  t.strictSame(repeats.recall(head), { method: 'GET', url: '/a', headers: { host: 'here' } })
  t.ok(Object.isFrozen(repeats.recall(head)?.headers))
  t.equal(repeats.recall(head.replace('/a', '/b')), undefined)
})

t.test(
  'not what the parser saw otherwise, what is secret, and what is answered otherwise',
  async t => {
    const repeats = new Repeats()
    for (const more of [
      { rawHeaders: ['Host', 'here', 'X', 'y'] },
      { rawHeaders: [] },
      { httpVersion: '1.0' },
      ...[
        'authorization',
        'x-devpi-auth',
        'proxy-authorization',
        'cookie',
        'expect',
        'upgrade',
      ].map(name => ({ headers: { host: 'here', [name]: 'x' } })),
    ]) {
      repeats.remember(head, parsed(more))
      t.equal(repeats.recall(head), undefined, JSON.stringify(more))
    }
  },
)

t.test('a megabyte of them, the latest', async t => {
  const repeats = new Repeats()
  const texts = Array.from({ length: 2000 }, (_, n) =>
    head.replace('/a', `/${n}${'a'.repeat(1000)}`),
  )
  for (const text of texts) repeats.remember(text, parsed())
  const known = texts.filter(text => repeats.recall(text) !== undefined)
  t.ok(known.length > 500 && known.length < 1000, `${known.length}`)
  t.equal(known.at(-1), texts.at(-1))
})
