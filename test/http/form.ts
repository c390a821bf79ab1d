import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, renameSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { receiveForm, type Form } from '../../src/http/form.ts'
import { json } from '../../src/http/reply.ts'
import type { Handle } from '../../src/http/reply.ts'
import { ask } from '../fixtures/wire.ts'
import {
  exchangeOf,
  formOf,
  formType,
  inPieces,
  randomFrom,
  type MadePart,
} from './fixtures/forms.ts'
import { listening } from './fixtures/listening.ts'

const hash = (name: string, bytes: string | Buffer) => createHash(name).update(bytes).digest('hex')

/** Receives, tells what was received, and removes it. */
const setUp = async (t: Test, most = 1 << 20) => {
  const temporary = join(t.testdir(), 'tmp')
  const left = () => {
    try {
      return readdirSync(temporary)
    } catch {
      return []
    }
  }
  const receive: Handle = async exchange => {
    const form = await receiveForm(exchange, { temporary, most })
    try {
      const files = form.files.map(({ path, ...file }) => ({
        ...file,
        content: readFileSync(path, 'latin1'),
      }))
      return json(200, { fields: Object.fromEntries(form.fields), files })
    } finally {
      await form.discard()
    }
  }
  return { temporary, left, receive, most }
}

const content = Buffer.from([0, 13, 10, 45, 45, 97, 255, 10, 10, 13])
const whole: MadePart[] = [
  { name: ':action', content: 'file_upload' },
  { name: 'classifiers', content: 'A :: B' },
  { name: 'author', content: 'Jörg' },
  { name: 'classifiers', content: 'C' },
  { name: 'comment', content: '' },
  { name: 'content', filename: 'dir/naïve-1.0.tar.gz', content },
  { name: 'gpg_signature', filename: 'a\\b.asc', content: '', lines: ['Content-Type: a/b'] },
  { name: 'attestations', content: '[]' },
]
const told = {
  fields: {
    ':action': ['file_upload'],
    classifiers: ['A :: B', 'C'],
    author: ['Jörg'],
    comment: [''],
    attestations: ['[]'],
  },
  files: [
    {
      field: 'content',
      filename: 'naïve-1.0.tar.gz',
      size: 10,
      sha256: hash('sha256', content),
      content: content.toString('latin1'),
    },
    { field: 'gpg_signature', filename: 'b.asc', size: 0, sha256: hash('sha256', ''), content: '' },
  ],
}

t.test('a form as clients send it: fields, lists, files (UP-6, UP-7)', async t => {
  const { receive, left } = await setUp(t)
  const { url } = await listening(t, receive)
  const random = randomFrom(7)
  for (const eol of ['\r\n', '\n'] as const)
    for (const boundary of ['a-boundary', 'say "a" = b', "'()+_,-./:=?"]) {
      const body = formOf(whole, { boundary, eol, preamble: eol })
      const type = `Multipart/form-data; boundary="${boundary.replaceAll('"', '\\"')}"; charset=utf-8`
      const answer = await ask(url, '/', {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      })
      t.same(JSON.parse(answer.text), told, `${boundary} ${JSON.stringify(eol)}`)
    }
  const chunked = await new Promise<string>(resolve => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.setNoDelay()
    socket.write(
      `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: ${formType()}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    )
    for (const piece of inPieces(formOf(whole), random)) {
      socket.write(`${piece.length.toString(16)}\r\n`)
      socket.write(piece)
      socket.write('\r\n')
    }
    socket.write('0\r\n\r\n')
    const answer: Buffer[] = []
    socket.on('data', bytes => answer.push(bytes))
    socket.on('close', () => resolve(Buffer.concat(answer).toString()))
  })
  t.same(JSON.parse(chunked.split('\r\n\r\n', 2)[1] ?? ''), told, 'in chunks (P06)')
  t.same(left(), [])
})

const oldBoundary = '--------------GHSKFJDLGDS7543FJKLFHRE75642756743254'

t.test('what the old commands write, byte for byte (promises 5.2)', async t => {
  const { temporary, most } = await setUp(t)
  const receive = async (body: string, type: string): Promise<Form> =>
    receiveForm(exchangeOf([Buffer.from(body)], { 'content-type': type }), { temporary, most })
  const register = ['name', 'version', ':action']
    .map(name => `\n--${oldBoundary}\nContent-Disposition: form-data; name="${name}"\n\nUNKNOWN`)
    .join('')
  const registered = await receive(
    `${register}\n--${oldBoundary}--\n`,
    `multipart/form-data; boundary=${oldBoundary}; charset=utf-8`,
  )
  t.same([...registered.fields.keys()], ['name', 'version', ':action'])
  t.same(registered.fields.get(':action'), ['UNKNOWN'])
  const docs = await receive(
    `\n--${oldBoundary}\nContent-Disposition: form-data; name="content"; filename="a.zip"\n\nPK\r\n--\r` +
      `\n--${oldBoundary}\nContent-Disposition: form-data; name=":action"\n\ndoc_upload` +
      `\n--${oldBoundary}--\n`,
    `multipart/form-data; boundary=${oldBoundary}`,
  )
  t.equal(readFileSync(docs.files[0]?.path ?? '', 'latin1'), 'PK\r\n--\r')
  t.same(docs.fields.get(':action'), ['doc_upload'])
  const upload = await receive(
    `\r\n--${oldBoundary}\r\nContent-Disposition: form-data; name="content";filename="a-1.tar.gz"\r\n\r\n\n\r` +
      `\r\n--${oldBoundary}\r\nContent-Disposition: form-data; name="md5_digest"\r\n\r\n0` +
      `\r\n--${oldBoundary}--\r\n`,
    `multipart/form-data; boundary=${oldBoundary}`,
  )
  t.equal(readFileSync(upload.files[0]?.path ?? '', 'latin1'), '\n\r')
  for (const form of [registered, docs, upload]) await form.discard()
  t.same(readdirSync(temporary), [])
})

t.test('digests, computed on the way where they are announced before (UP-4)', async t => {
  const { temporary, most } = await setUp(t)
  for (const value of ['x', '']) {
    const parts: MadePart[] = [
      { name: 'md5_digest', content: value },
      { name: 'blake2_256_digest', content: value },
      { name: 'content', filename: 'a', content: 'abc' },
      { name: 'sha256_digest', content: value },
    ]
    const form = await receiveForm(exchangeOf([formOf(parts)]), { temporary, most })
    const [file] = form.files
    if (value !== '') await form.discard()
    t.equal(await file?.digest('md5'), hash('md5', 'abc'))
    t.equal(await file?.digest('sha256'), hash('sha256', 'abc'))
    t.match(await file?.digest('blake2b_256'), /^bddd813c634239723171ef3fee98579b94964e3b/)
    await form.discard()
  }
})

t.test('a file that got a name is not discarded with the rest', async t => {
  const { temporary, most, left } = await setUp(t)
  const form = await receiveForm(exchangeOf([formOf(whole)]), { temporary, most })
  t.equal(left().length, 2)
  const named = join(temporary, '..', 'named')
  renameSync(form.files[0]?.path ?? '', named)
  await form.discard()
  await form.discard()
  t.same(left(), [])
  t.ok(readFileSync(named).equals(content))
})

t.test('other bodies are refused in one line (fault P07)', async t => {
  const { receive, left } = await setUp(t)
  const { url } = await listening(t, receive)
  const body = formOf(whole)
  for (const [type, status, line] of [
    [undefined, 415, /^send the form as multipart\/form-data\n$/],
    ['application/x-www-form-urlencoded', 415, /multipart/],
    ['multipart/mixed; boundary=a-boundary', 415, /multipart/],
    ['multipart/form-data', 400, /^the Content-Type names no boundary/],
    ['multipart/form-data; boundary=""', 400, /names no boundary/],
    ['multipart/form-data; boundary="a\tb"', 400, /names no boundary/],
    [`multipart/form-data; boundary=${'x'.repeat(71)}`, 400, /names no boundary/],
    ['multipart/form-data; boundary=other', 400, /does not begin with the boundary/],
    ['multipart/form-data; boundary=a-boundar', 400, /does not begin with the boundary/],
  ] as const) {
    const headers = type === undefined ? {} : { 'content-type': type }
    const answer = await ask(url, '/', { method: 'POST', headers, body })
    t.match(answer, { status, text: line }, String(type))
  }
  const none = await ask(url, '/', { method: 'POST', headers: { 'content-type': formType() } })
  t.match(none, { status: 400, text: /does not begin/ })
  t.same(left(), [])
})

const file = (size: number): MadePart => ({
  name: 'a',
  filename: 'b',
  content: Buffer.alloc(size),
})

t.test('too large a file is refused while it comes, or at once (faults P04, X27)', async t => {
  const { receive, left, temporary, most } = await setUp(t, 100_000)
  const { url } = await listening(t, receive)
  const post = (parts: readonly MadePart[]) => {
    const headers = { 'content-type': formType() }
    return ask(url, '/', { method: 'POST', headers, body: formOf(parts) })
  }
  t.equal((await post([file(100_000)])).status, 200)
  const line = 'too large: at most 100000 bytes are taken here\n'
  t.match(await post([file(100_001)]), { status: 413, text: line })
  t.match(await post([file(60_000), file(40_001)]), { status: 413, text: line }, 'together')
  const announced = { 'content-type': formType(), 'content-length': '10000000000' }
  await t.rejects(receiveForm(exchangeOf(neverRead(t), { ...announced }), { temporary, most }), {
    status: 413,
    message: /too large/,
  })
  t.same(left(), [])
})

const neverRead = function* (t: Test): Generator<Buffer> {
  t.fail('it was read')
  yield Buffer.alloc(0)
}

t.test('a body without end is refused, whatever it repeats (faults P07, P20, X27)', async t => {
  const { temporary, most, left } = await setUp(t)
  const head = `--a-boundary\r\nContent-Disposition: form-data; name="`
  const field = `${head}a"\r\n\r\n`
  for (const [begin, repeated, status, bound] of [
    ['', 'x', 400, 1 << 20],
    ['', '\r\n', 400, 1 << 20],
    [head, 'x', 400, 1 << 20],
    [`--a-boundary\r\n`, 'a: b\r\n', 400, 1 << 20],
    [field, 'x', 400, 10 << 20],
    ['', `${field}x\r\n`, 400, 10 << 20],
    ['', `${field}${'x'.repeat(100_000)}\r\n`, 400, 40 << 20],
    ['', `${head}f"; filename="x"\r\n\r\n${'x'.repeat(100_000)}\r\n`, 413, 10 << 20],
    [formOf(whole).toString(), 'epilogue', 413, 100 << 20],
  ] as const) {
    let sent = 0
    const endless = function* () {
      yield Buffer.from(begin)
      const piece = Buffer.from(repeated.repeat(Math.ceil(65_536 / repeated.length)))
      for (;;) {
        sent += piece.length
        yield piece
      }
    }
    await t.rejects(
      receiveForm(exchangeOf(endless()), { temporary, most }),
      { status, message: /form|header of a part|field|too large/ },
      repeated.slice(0, 20),
    )
    t.ok(sent <= bound, `${sent} bytes were read`)
    t.same(left(), [])
  }
})

t.test('a client that goes away leaves nothing (fault P05)', async t => {
  const { temporary, most, left } = await setUp(t)
  const body = formOf([...whole, { name: 'x', filename: 'y', content: Buffer.alloc(900_000) }])
  for (const end of [100, 700, body.length - 500_000, body.length - 1]) {
    let settle: (result: unknown) => void
    const result = new Promise(resolve => (settle = resolve))
    const { port } = await listening(t, async exchange => {
      const receiving = receiveForm(exchange, { temporary, most })
      await receiving.catch((error: unknown) => settle(error))
      return json(200, '')
    })
    const socket = connect(port, '127.0.0.1')
    const type = `Content-Type: ${formType()}\r\nContent-Length: ${body.length}`
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${type}\r\n\r\n`)
    socket.write(body.subarray(0, end), () => socket.resetAndDestroy())
    t.match(await result, { status: 400 })
    t.same(left(), [])
  }
})

t.test('a disk that takes nothing', async t => {
  const inTheWay = { temporary: join(t.testdir({ file: '' }), 'file'), most: 1000 }
  await t.rejects(receiveForm(exchangeOf([formOf(whole)]), inTheWay), { code: 'ENOTDIR' })
})
