import t from 'tap'
import { retryAfterOf, retryDelay } from '../../src/upstream/retry.ts'

t.test('Retry-After is a number or a date, bounded (U04)', async t => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  t.equal(retryAfterOf(undefined), undefined)
  t.equal(retryAfterOf(' 5 '), 5)
  t.equal(retryAfterOf('999999999'), 86_400)
  t.equal(retryAfterOf('Thu, 01 Jan 2026 00:00:30 GMT', now), 30)
  t.equal(retryAfterOf('Thu, 01 Jan 1970 00:00:30 GMT', now), 0)
  t.equal(retryAfterOf('soon'), undefined)
})

t.test('tries follow each other within a second, unless upstream wants more', async t => {
  t.equal(retryDelay(1, undefined, undefined, 0.5), 0.1)
  t.ok((retryDelay(1, 503, undefined, 1) ?? 9) + (retryDelay(2, 503, undefined, 1) ?? 9) < 1)
  t.equal(retryDelay(1, 503, 2, 0.5), 2)
  t.equal(retryDelay(1, 503, 3), undefined)
  for (const status of [404, 429, 501, 505]) t.equal(retryDelay(1, status, undefined), undefined)
})
