import t from 'tap'
import { matches } from '../../src/spec/pattern.ts'

t.test('a pattern is a name in any spelling, with stars', async t => {
  const fitting = ['acme', 'ACME', 'acme*', '*', '*me', 'a*e', 'a**me', '*c*m*', 'ac*me']
  for (const pattern of fitting) t.equal(matches(pattern, 'acme'), true, pattern)
  const other = ['acm', 'acmee', 'acme-*', '*x*', 'a*a', 'acme*acme', 'me*', '*ac', 'a*cm', '']
  for (const pattern of other) t.equal(matches(pattern, 'acme'), false, pattern)
  for (const pattern of ['Acme_Tools', 'acme.*', 'ACME_*', '*_tools'])
    t.equal(matches(pattern, 'acme-tools'), true, pattern)
})

t.test('many stars cost little (rule R17)', async t => {
  const start = performance.now()
  t.equal(matches(`${'a*'.repeat(5000)}b`, 'a'.repeat(200)), false)
  t.ok(performance.now() - start < 500)
})
