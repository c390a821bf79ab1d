import t from 'tap'
import { isStable, newestFirst } from '../../src/spec/newest-first.ts'

t.test('versions by PEP 440, then those that are none', async t => {
  const versions = ['1.0', 'dev', '2.0a1', '10.0', '1.0.post1', 'beta', '2.0.dev1', '1.0.0', '9']
  t.same(newestFirst(versions), [
    '10.0',
    '9',
    '2.0a1',
    '2.0.dev1',
    '1.0.post1',
    '1.0.0',
    '1.0',
    'dev',
    'beta',
  ])
  t.same(newestFirst([]), [])
})

t.test('what is not said to be unstable is stable', async t => {
  for (const version of ['1.0', '1.0.post1', '1.0+x', 'legacy'])
    t.equal(isStable(version), true, version)
  for (const version of ['1.0a1', '1.0rc1', '1.0.dev3']) t.equal(isStable(version), false, version)
})
