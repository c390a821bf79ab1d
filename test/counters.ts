import t from 'tap'
import { Counters } from '../src/counters.ts'

t.test('requests, bytes and upstreams are counted', t => {
  const counters = new Counters()
  for (const cache of ['hit', 'revalidated', 'miss', 'stale', '-']) counters.request(cache, 10)
  counters.fromUpstream(7)
  t.match(counters.snapshot(), {
    requests: 5,
    hits: 2,
    misses: 1,
    stale: 1,
    bytesServed: 50,
    bytesFromUpstream: 7,
    upstreams: [],
  })
  t.end()
})

t.test('whoever keeps them is told once after each snapshot', t => {
  const counters = new Counters()
  let told = 0
  counters.onChange(() => told++)
  counters.request('hit', 1)
  counters.request('hit', 1)
  t.equal(told, 1)
  counters.snapshot()
  counters.fromUpstream(1)
  t.equal(told, 2)
  t.end()
})

t.test('an upstream is what it was last, since it changed', t => {
  const counters = new Counters()
  counters.upstream('pypi', 'https://pypi.org/simple/')
  const [first] = counters.snapshot().upstreams
  t.match(first, { name: 'pypi', ok: true })
  counters.upstream('pypi', 'https://pypi.org/simple/', 'refused')
  counters.upstream('pypi', 'https://pypi.org/simple/', 'timed out')
  const [failing] = counters.snapshot().upstreams
  t.match(failing, { ok: false, lastError: 'timed out' })
  t.ok(failing && first && failing.since >= first.since)
  t.end()
})
