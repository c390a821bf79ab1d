import t from 'tap'
import { isVersion, normalVersion } from '../../src/spec/version.ts'

t.test('normal spellings (FN-51, FN-57)', async t => {
  const pairs = {
    'v1.01': '1.1',
    '1.0.0': '1.0.0',
    '1.0a': '1.0a0',
    '1.0.dev': '1.0.dev0',
    '1.0.post': '1.0.post0',
    '1.0-1': '1.0.post1',
    '1.0.0-rc.1': '1.0.0rc1',
    '1.0_post1': '1.0.post1',
    '1.0-r4': '1.0.post4',
    '1.0-dev': '1.0.dev0',
    '1.0+001': '1.0+1',
    '1.0+abc_1': '1.0+abc.1',
    '2012.01.01': '2012.1.1',
    '1.2.3.4.5': '1.2.3.4.5',
    '0!1.0': '1.0',
    '2!1.0': '2!1.0',
    '1.0preview2': '1.0rc2',
    '1.0c3': '1.0rc3',
    '1.0Alpha': '1.0a0',
    '1.0.POST1.DEV2+Ubuntu-1': '1.0.post1.dev2+ubuntu.1',
  }
  for (const [spelling, normal] of Object.entries(pairs)) {
    t.equal(normalVersion(spelling), normal, spelling)
    t.equal(isVersion(spelling), true)
  }
})

t.test('what is no version (FN-57)', async t => {
  const none = ['1..0', '1.0a1.b2', '1.0+', '1.0+a..b', '1.0.dev1.post1', '1.0_1', 'latest', '']
  for (const text of [...none, '1.0\n', ' 1.0', '1.0\u212a', '2004d', `1.${'0'.repeat(200)}`]) {
    t.equal(isVersion(text), false, JSON.stringify(text.slice(0, 20)))
    t.equal(normalVersion(text), undefined)
  }
})

t.test('long hostile texts are cheap (rule R17)', async t => {
  const start = performance.now()
  for (const text of ['1.'.repeat(99), `1${'-'.repeat(190)}`, `1.0+${'a.'.repeat(95)}!`])
    for (let round = 0; round < 1000; round++) isVersion(text)
  t.ok(performance.now() - start < 1000)
})
