import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { discard } from '../../src/disk/write.ts'
import { receiveFile, receiveText } from '../../src/http/receive.ts'
import { json, text } from '../../src/http/reply.ts'
import { ask } from '../fixtures/wire.ts'
import { exchangeOf, inPieces, randomFrom } from './fixtures/forms.ts'
import { listening } from './fixtures/listening.ts'

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

const setUp = (t: Test, most: number) => {
  const temporary = join(t.testdir(), 'tmp')
  const left = () => (existsSync(temporary) ? readdirSync(temporary) : [])
  return { temporary, most, left }
}

t.test('a body is a file: PUT, curl --data-binary', async t => {
  const { temporary, most, left } = setUp(t, 3_000_000)
  const { url } = await listening(t, async exchange => {
    const file = await receiveFile(exchange, { temporary, most, filename: 'x-1.0.tar.gz' })
    t.equal(sha256(readFileSync(file.path)), file.sha256)
    const md5 = await file.digest('md5')
    await discard(file.path)
    return json(200, { ...file, path: undefined, md5 })
  })
  for (const size of [0, 1, 524_288, 3_000_000]) {
    const body = Buffer.alloc(size, 'abcdefg')
    t.same(JSON.parse((await ask(url, '/', { method: 'PUT', body })).text), {
      field: '',
      filename: 'x-1.0.tar.gz',
      size,
      sha256: sha256(body),
      md5: createHash('md5').update(body).digest('hex'),
    })
  }
  t.same(left(), [])
})

t.test('too large a file is refused (faults P04, X27)', async t => {
  const { temporary, most, left } = setUp(t, 1000)
  const options = { temporary, most, filename: '' }
  for (const headers of [{ 'content-length': '1001' }, {}])
    await t.rejects(receiveFile(exchangeOf([Buffer.alloc(1001)], headers), options), {
      status: 413,
      message: 'too large: at most 1000 bytes are taken here',
    })
  t.same(left(), [])
  const file = await receiveFile(exchangeOf([Buffer.alloc(1000)], {}), options)
  t.equal(file.size, 1000)
  t.same(left().length, 1)
})

const broken = function* () {
  yield Buffer.alloc(1 << 20)
  throw new Error('gone')
}

t.test('a body that breaks off leaves nothing (fault P05)', async t => {
  const { temporary, most, left } = setUp(t, 10 << 20)
  const receiving = receiveFile(exchangeOf(broken(), {}), { temporary, most, filename: '' })
  await t.rejects(receiving, { status: 400, message: /closed before the whole body/ })
  t.same(left(), [])
})

t.test('a text, however its characters come', async t => {
  const random = randomFrom(5)
  for (const [sent, received] of [
    ['naïve € 😀\r\n', 'naïve € 😀\r\n'],
    ['\ufeffsix==1.17.0', 'six==1.17.0'],
    ['', ''],
  ] as const)
    for (let turn = 0; turn < 20; turn += 1)
      t.equal(await receiveText(exchangeOf(inPieces(Buffer.from(sent), random)), 1000), received)
})

t.test('what is too long or no UTF-8', async t => {
  const { url } = await listening(t, async exchange => text(200, await receiveText(exchange, 10)))
  const post = (body: Buffer, headers = {}) => ask(url, '/', { method: 'POST', body, headers })
  t.match(await post(Buffer.from('0123456789')), { status: 200, text: '0123456789\n' })
  for (const headers of [{}, { 'transfer-encoding': 'chunked' }])
    t.match(await post(Buffer.from('0123456789a'), headers), {
      status: 413,
      text: 'too large: at most 10 bytes are taken here\n',
    })
  for (const bytes of ['\xff', 'a\xe2\x82'])
    t.match(await post(Buffer.from(bytes, 'latin1')), {
      status: 400,
      text: 'the body is not UTF-8 text\n',
    })
})
