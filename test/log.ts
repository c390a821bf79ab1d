import { mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { background, createLog, logAbout, oneLine, redact, shortBytes } from '../src/log.ts'
import type { Access, LogOptions } from '../src/log.ts'
import { MemoryLog } from './fixtures/serve.ts'

const open = (t: { testdir(): string }, more: Partial<LogOptions> = {}) => {
  const path = join(t.testdir(), 'a.log')
  const log = createLog({ path, format: 'text', level: 'info', ...more })
  const lines = async () => {
    await log.flush()
    return readFileSync(path, 'utf8').split('\n').slice(0, -1)
  }
  return { path, log, lines }
}

const asked: Access = {
  method: 'GET',
  path: '/simple/six/?token=secret',
  status: 200,
  cache: 'miss',
  bytes: 2100,
  milliseconds: 38.4,
}

t.test('an access is one line without its query', async t => {
  const { log, lines } = open(t)
  log.access(asked)
  const [line = ''] = await lines()
  t.match(line, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GET \/simple\/six\/ 200 miss 2\.1kB 38ms$/)
})

t.test('an event is time, level, message and fields', async t => {
  const { log, lines } = open(t, { level: 'debug' })
  log.error('bad', { project: 'six', reason: 'two words', count: 3, none: undefined, quote: 'a"b' })
  log.warn('w')
  log.info('i')
  log.debug('d')
  const got = (await lines()).map(line => line.slice(20))
  t.same(got, [
    'error bad project=six reason="two words" count=3 quote="a\\"b"',
    'warn w',
    'info i',
    'debug d',
  ])
})

t.test('what all messages are about stands in front of what each says', async t => {
  const log = new MemoryLog()
  const about = logAbout(log, { index: 'alice/dev' })
  for (const level of ['error', 'warn', 'info', 'debug'] as const) {
    about[level]('upload', { file: 'a.whl' })
    t.same(log.told.pop(), {
      level,
      message: 'upload',
      fields: { index: 'alice/dev', file: 'a.whl' },
    })
  }
  about.warn('alone')
  t.same(log.told, [{ level: 'warn', message: 'alone', fields: { index: 'alice/dev' } }])
  about.access({ method: 'GET', path: '/', status: 200, cache: '-', bytes: 1, milliseconds: 1 })
  t.equal(log.accesses.length, 1)
})

t.test('what is less severe than the level is not written', async t => {
  const { log, lines } = open(t, { level: 'warn' })
  log.info('i')
  log.access(asked)
  log.warn('w')
  t.equal((await lines()).length, 1)
})

t.test('every JSON line parses', async t => {
  const { log, lines } = open(t, { format: 'json' })
  log.access(asked)
  log.warn('a\nb', { url: 'https://u:p@h/', n: 1, level: 'forged' })
  const [access, event] = (await lines()).map(line => JSON.parse(line) as object)
  t.match(access, {
    method: 'GET',
    path: '/simple/six/',
    status: 200,
    cache: 'miss',
    bytes: 2100,
    ms: 38.4,
  })
  t.match(event, { level: 'warn', message: 'a\\u000ab', url: 'https://***@h/', n: 1 })
})

t.test('one event is one line whatever it holds (fault X14)', async t => {
  for (const format of ['text', 'json'] as const) {
    const { log, lines } = open(t, { format })
    const nasty = 'a\r\nb\u001b[31m\u2028\u202e\u0085'
    log.access({ ...asked, path: `/simple/${nasty}` })
    log.info(nasty, { nasty })
    const got = await lines()
    t.equal(got.length, 2)
    for (const line of got) t.match(line, /^[\x20-\x7e]*$/)
  }
  t.equal(oneLine('grün'), 'grün')
})

t.test('credentials do not get into a log (fault X15)', async t => {
  t.equal(
    redact('at https://u:p@ss@h/x?y and http://tok@g'),
    'at https://***@h/x?y and http://***@g',
  )
  t.equal(redact('https://h/x@y'), 'https://h/x@y')
  t.equal(redact('Authorization: Basic dTpw, next'), 'Authorization: ***, next')
  t.equal(redact('{"authorization":"Bearer abc"}'), '{"authorization":"***"}')
  const { log, lines } = open(t)
  log.warn('failed at https://u:secret@h/', { url: 'https://u:secret@h/' })
  log.access({ ...asked, path: '/https://u:secret@h/' })
  t.notMatch((await lines()).join(''), /secret/)
})

t.test('a long path is cut', async t => {
  const { log, lines } = open(t)
  log.access({ ...asked, path: '/x'.repeat(10_000) })
  t.ok((await lines()).join('').length < 2100)
})

t.test('after a rotation lines go into a new file, and none is lost (HUP)', async t => {
  const { path, log, lines } = open(t)
  log.info('one')
  await log.flush()
  renameSync(path, `${path}.1`)
  log.reopen()
  log.info('two')
  t.match(await lines(), [/two$/])
  t.match(readFileSync(`${path}.1`, 'utf8'), /one\n$/)

  log.info('three')
  renameSync(path, `${path}.2`)
  log.reopen()
  log.info('four')
  await log.flush()
  const all = [path, `${path}.2`].map(file => readFileSync(file, 'utf8')).join('')
  t.match(all, /three/)
  t.match(all, /four/)
})

t.test('a file that cannot be opened again leaves the old one in use', async t => {
  const { path, log } = open(t)
  renameSync(path, `${path}.1`)
  mkdirSync(path)
  log.reopen()
  log.info('still here')
  await log.flush()
  t.match(readFileSync(`${path}.1`, 'utf8'), /still here/)
})

t.test('a full disk loses lines and nothing else (fault S07)', async t => {
  const log = createLog({ path: '/dev/full', format: 'text', level: 'info' })
  log.info('lost')
  await log.flush()
  log.info('lost too')
  await log.flush()
  t.pass('no error came out')
})

t.test('a log that cannot be opened is refused in one line', async t => {
  t.throws(() => createLog({ path: '/none/such/a.log', format: 'text', level: 'info' }), {
    message: 'log file /none/such/a.log cannot be opened (ENOENT); choose another with --log',
  })
})

t.test('what grows faster than it is written is dropped and counted', async t => {
  const { log, lines } = open(t)
  const long = 'x'.repeat(1900)
  for (let line = 0; line < 6000; line++) log.info(long)
  const got = await lines()
  t.ok(got.length < 5000)
  t.match(got.at(-1), /^\(\d+ log lines were lost/)
})

t.test('work in the background that fails is in the log', async t => {
  const { log, lines } = open(t)
  background(Promise.reject(new Error('why')), 'sweeping', log)
  background(Promise.reject('text'), 'sweeping', log)
  background(Promise.resolve(), 'sweeping', log)
  await new Promise(resolve => setImmediate(resolve))
  const got = (await lines()).map(line => line.slice(20))
  t.same(got, ['warn sweeping failed reason=why', 'warn sweeping failed reason=text'])
})

t.test('bytes are short', t => {
  const rows: readonly (readonly [number, string])[] = [
    [0, '0B'],
    [999, '999B'],
    [1000, '1.0kB'],
    [99_900, '99.9kB'],
    [999_999, '1000kB'],
    [150e6, '150MB'],
    [2.1e9, '2.1GB'],
    [5e16, '50000TB'],
  ]
  for (const [bytes, text] of rows) t.equal(shortBytes(bytes), text)
  t.end()
})
