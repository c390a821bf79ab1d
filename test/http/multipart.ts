import t, { type Test } from 'tap'
import { MultipartReader } from '../../src/http/multipart.ts'
import {
  below,
  formOf,
  inPieces,
  oneOf,
  randomFrom,
  type MadePart,
  type Random,
} from './fixtures/forms.ts'

interface Read {
  readonly name: string
  readonly filename: string | undefined
  readonly content: string
}

/** The parts of a body, their contents as latin1. */
const read = (pieces: readonly Buffer[], boundary = 'a-boundary'): Read[] => {
  const reader = new MultipartReader(boundary)
  const parts: Read[] = []
  let part: { name: string; filename: string | undefined; content: string } | undefined
  for (const piece of pieces)
    for (const token of reader.feed(piece)) {
      if (token === 'end') {
        if (part !== undefined) parts.push(part)
        part = undefined
      } else if (Buffer.isBuffer(token)) {
        if (part !== undefined) part.content += token.toString('latin1')
      } else part = { name: token.name, filename: token.filename, content: '' }
    }
  reader.end()
  return parts
}

const bytewise = (body: string | Buffer) => [...Buffer.from(body)].map(byte => Buffer.from([byte]))

const expected = (parts: readonly MadePart[]): Read[] =>
  parts.map(({ name, filename, content }) => ({
    name,
    filename,
    content: Buffer.from(content).toString('latin1'),
  }))

const usual: MadePart[] = [
  { name: ':action', content: 'file_upload' },
  { name: 'classifiers', content: 'one' },
  { name: 'classifiers', content: 'two' },
  { name: 'empty', content: '' },
  { name: 'content', filename: 'x-1.0.tar.gz', content: Buffer.from([0, 13, 10, 45, 45, 255, 13]) },
  { name: 'gpg_signature', filename: 'none', content: '' },
]

for (const eol of ['\r\n', '\n'] as const)
  for (const preamble of ['', eol, `This is a form.${eol}-- a-boundary${eol}`])
    for (const epilogue of ['', eol, `${eol}--a-boundary${eol}anything`])
      t.test(`a form ${JSON.stringify({ eol, preamble, epilogue })} (UP-7)`, async t => {
        const body = formOf(usual, { eol, preamble, epilogue })
        t.same(read([body]), expected(usual))
        t.same(read(bytewise(body)), expected(usual))
      })

t.test('a form without parts', async t => {
  t.same(read([Buffer.from('--a-boundary--')]), [])
  t.same(read(bytewise('\r\n--a-boundary--\r\n')), [])
})

t.test(
  'a boundary counts only as a whole line, after the kind of line end that the first had',
  async t => {
    for (const [eol, content] of [
      ['\r\n', 'x\n--a-boundary\ny'],
      ['\r\n', 'x\n--a-boundary--\n'],
      ['\r\n', 'x\r--a-boundary\r\n'],
      ['\r\n', '--a-boundary\r\n'],
      ['\r\n', 'x\r\n--a-boundar'],
      ['\r\n', 'x\r\n--a-boundary2\r\n'],
      ['\r\n', 'x\r\n--a-boundary-'],
      ['\r\n', `x\r\n--a-boundary${' '.repeat(100)}`],
      ['\r\n', '\r\n\r\n\r'],
      ['\n', 'x\r--a-boundary'],
      ['\n', 'x\r'],
      ['\n', 'x\r\n'],
      ['\n', '\n\n--a-boundary2\n-'],
      ['\n', '--a-boundary\n'],
    ] as const) {
      const parts: MadePart[] = [
        { name: 'content', filename: 'a', content },
        { name: 'b', content: 'c' },
      ]
      const body = formOf(parts, { eol })
      t.same(read([body]), expected(parts), JSON.stringify(content))
      t.same(read(bytewise(body)), expected(parts))
    }
  },
)

t.test('blanks behind a boundary, heads of LF in a form of CRLF', async t => {
  const body = '--a-boundary \t\r\nContent-Disposition: form-data; name="a"\n\nb\r\n--a-boundary--'
  t.same(read(bytewise(body)), [{ name: 'a', filename: undefined, content: 'b' }])
})

// Everything that resembles what is searched for.
const hostile = (random: Random, boundary: string): Buffer => {
  const delimiter = `\r\n--${boundary}`
  const content: Buffer[] = []
  for (let count = below(random, 30); count > 0; count -= 1) {
    const begun = delimiter.slice(below(random, 3), below(random, delimiter.length + 1))
    const piece = oneOf(random, ['\r', '\n', '-', '--', `--${boundary}`, begun, begun, ' ', 'x'])
    content.push(Buffer.from(piece), Buffer.from([below(random, 256)]).subarray(below(random, 2)))
  }
  return Buffer.concat(content)
}

/** True when no line of the content is the boundary, which no client may send. */
const isAllowed = (content: Buffer, eol: string, boundary: string): boolean => {
  const line = new RegExp(`${eol}--${boundary}(?:--|[ \t]{0,64}\r?\n)`)
  return line.exec(`${content.toString('latin1')}${eol}--${boundary}--`)?.index === content.length
}

t.test('every byte of a content is its own, however it comes (property)', async t => {
  const seed = 20_260_801
  t.comment(`seed ${seed}`)
  const random = randomFrom(seed)
  for (let turn = 0; turn < 1500; turn += 1) {
    const boundary = oneOf(random, [
      'b',
      'xx',
      '----',
      'a-boundary',
      '-'.repeat(14) + 'GHSKFJDLGDS',
    ])
    const eol = oneOf(random, ['\r\n', '\n'] as const)
    const parts: MadePart[] = []
    while (parts.length < 1 + (turn % 5)) {
      const content = hostile(random, boundary)
      if (isAllowed(content, eol, boundary))
        parts.push({ name: `n${parts.length}`, filename: 'f', content })
    }
    const preamble = oneOf(random, ['', eol])
    const body = formOf(parts, { boundary, eol, preamble, epilogue: oneOf(random, ['', eol]) })
    const found = read(inPieces(body, random), boundary)
    if (JSON.stringify(found) === JSON.stringify(expected(parts))) continue
    t.same(found, expected(parts), `turn ${turn} of seed ${seed}, ${JSON.stringify(boundary)}`)
    return
  }
  t.pass()
})

const refuses = (t: Test, bytes: string | Buffer, message: RegExp) => {
  for (const pieces of [[Buffer.from(bytes)], bytewise(bytes)])
    t.throws(() => read(pieces), { status: 400, message })
}

t.test('what is no form is refused (fault P07)', async t => {
  refuses(t, '', /does not begin with the boundary/)
  refuses(t, 'name=value', /does not begin/)
  refuses(t, 'x'.repeat(20_000), /does not begin/)
  refuses(t, 'x--a-boundary\r\n', /does not begin/)
  refuses(t, '--a-boundary', /does not begin/)
  refuses(t, '--a-boundary\r\n', /closing boundary is missing/)
  refuses(t, '--a-boundary\r\n\r\n', /no "Content-Disposition/)
  refuses(t, '--a-boundary\n\nx', /no "Content-Disposition/)
  const body = formOf(usual).toString('latin1')
  for (const end of [body.lastIndexOf('--'), body.length - 20, 100, 60])
    refuses(t, body.slice(0, end), /closing boundary is missing/)
})

t.test('a header that does not end is refused before it fills anything (fault P07)', async t => {
  const reader = new MultipartReader('a')
  const head = Buffer.from(`--a\r\nContent-Disposition: form-data; name="`)
  t.same([...reader.feed(head)], [])
  const endless = () => {
    for (let fed = 0; fed < 100; fed += 1) for (const _ of reader.feed(Buffer.alloc(1000, 'x')));
  }
  t.throws(endless, { status: 400, message: /header of a part is longer than 16384 bytes/ })
})

const classifiers = (count: number): MadePart[] =>
  Array.from({ length: count }, () => ({ name: 'classifiers', content: 'x' }))

t.test('parts are counted (faults P07, P20)', async t => {
  t.equal(read([formOf(classifiers(2000))]).length, 2000)
  t.throws(() => read([formOf(classifiers(2001))]), {
    status: 400,
    message: /more than 2000 parts/,
  })
})
