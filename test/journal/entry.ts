import t from 'tap'
import { lineOf, markOf, readEntry } from '../../src/journal/entry.ts'

const now = Date.UTC(2026, 10, 21, 12, 30, 0, 5)

t.test('an entry is one line of JSON and comes back as it was (need 42)', async t => {
  const entry = {
    event: 'upload',
    user: 'ci',
    address: '192.0.2.7',
    forwarded: '198.51.100.1',
    agent: 'twine/6.1.0',
    project: 'acme-util',
    version: '1.0',
    file: 'acme_util-1.0.tar.gz',
    sha256: 'ab'.repeat(32),
    from: 12,
    change: 'replaced',
  }
  const line = lineOf(entry, now)
  t.match(line, /^\{"time":"2026-11-21T12:30:00\.005Z",.*\}\n$/)
  t.same(readEntry(line), { time: '2026-11-21T12:30:00.005Z', ...entry })
  t.same(readEntry(lineOf({ event: 'user' }, now)), {
    time: '2026-11-21T12:30:00.005Z',
    event: 'user',
  })
})

t.test('control characters are escaped, whoever sends them (fault X14)', async t => {
  const agent = 'evil\r\n{"event":"upload"}\u001b[2J\u2028\u202e'
  const line = lineOf({ event: 'download', agent }, now)
  t.equal(line.split('\n').length, 2, 'one line and its end')
  // eslint-disable-next-line no-control-regex
  t.notMatch(line.slice(0, -1), /\p{Cc}|\p{Cf}|\p{Zl}/u)
  t.match(readEntry(line)?.agent, /^evil\\u000d\\u000a/)
})

t.test('nothing that a client sends can pose as an entry of a project', async t => {
  const agent = `x",${markOf('acme')},"y":"`
  t.notOk(lineOf({ event: 'download', project: 'other', agent }, now).includes(markOf('acme')))
})

t.test('no credential is written (fault X15)', async t => {
  const line = lineOf(
    {
      event: 'download',
      agent: 'bot (https://me:hunter2@example.org/) authorization: Basic czNjcjN0',
      change: `${'x'.repeat(900)} https://me:hunter2@example.org/${'y'.repeat(200)}`,
    },
    now,
  )
  t.notMatch(line, 'hunter2')
  t.notMatch(line, 'czNjcjN0')
})

t.test('texts are bounded', async t => {
  const long = '\u0001'.repeat(100_000)
  const line = lineOf({ event: long, agent: long, user: long, change: long, file: long }, now)
  t.ok(line.length < 20_000, `${line.length}`)
  t.ok(readEntry(line))
})

t.test('the same entry kept for many actors', async t => {
  const entry = { event: 'download', file: 'a-1.0.tar.gz' }
  for (let round = 0; round < 2; round++)
    for (let count = 0; count < 40; count++)
      t.match(readEntry(lineOf(entry, now, { address: `192.0.2.${count}`, agent: 'pip/24.0' })), {
        event: 'download',
        address: `192.0.2.${count}`,
        agent: 'pip/24.0',
        file: 'a-1.0.tar.gz',
      })
})

t.test('what is no entry is passed over', async t => {
  for (const line of ['', '{', '[]', '{"time":"x"}', '{"event":"x"}', '{"time":1,"event":"x"}'])
    t.equal(readEntry(line), undefined, line)
  t.same(readEntry('{"time":"x","event":"y","file":3,"from":"z","more":1}'), {
    time: 'x',
    event: 'y',
  })
})
