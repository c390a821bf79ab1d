import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Counters } from '../../src/counters.ts'
import { keepCounters, readCounters, removeOldCounters } from '../../src/daemon/counters-file.ts'
import { host } from '../../src/disk/layout.ts'
import { MemoryLog } from '../fixtures/serve.ts'

const record = (daemon: number, more: object) => JSON.stringify({ daemon, requests: 1, ...more })

t.test('what the processes of a daemon counted is summed', async t => {
  const directory = t.testdir()
  const run = join(directory, '.proxypypi', 'run')
  const counters = new Counters()
  const end = keepCounters(counters, directory, 42, new MemoryLog())
  counters.request('hit', 5)
  counters.upstream('pypi', 'https://pypi.org/simple/')
  await end()
  t.match(await readCounters(directory, 42), {
    requests: 1,
    hits: 1,
    upstreams: [{ name: 'pypi' }],
  })

  const late = { name: 'pypi', url: 'u', ok: false, since: Date.now() + 1000, lastError: 'refused' }
  writeFileSync(
    join(run, `${host}-99999999.json`),
    record(42, { misses: 2, upstreams: [late, 3, {}] }),
  )
  writeFileSync(join(run, `${host}-1.json`), record(43, {}))
  writeFileSync(join(run, `${host}-2.json`), 'garbage')
  writeFileSync(join(run, `${host}-x.json`), record(42, {}))
  const sum = await readCounters(directory, 42)
  t.match(sum, {
    requests: 2,
    hits: 1,
    misses: 2,
    upstreams: [{ ok: false, lastError: 'refused' }],
  })

  await removeOldCounters(directory)
  t.notOk(existsSync(join(run, `${host}-99999999.json`)), 'those of dead processes go')
  t.ok(existsSync(join(run, `${host}-1.json`)))
})

t.test('no counters yet: zero', async t => {
  t.match(await readCounters(t.testdir(), 1), { requests: 0, upstreams: [] })
})

t.test('a directory that takes no file is no trouble', async t => {
  const directory = t.testdir()
  mkdirSync(join(directory, '.proxypypi'))
  writeFileSync(join(directory, '.proxypypi', 'run'), '')
  const log = new MemoryLog()
  await keepCounters(new Counters(), directory, 1, log)()
  t.match(log.told, [{ level: 'debug', message: 'counters not written' }])
})
