import t from 'tap'
import { userName } from '../../src/spec/user-name.ts'

t.test('a user name is safe as a file name on every system', async t => {
  for (const name of [
    'a',
    'root',
    'alice',
    'Alice',
    'ci-2',
    'j.doe',
    'jane@example.org',
    '_bot',
    '7',
    'a'.repeat(64),
  ])
    t.equal(userName(name), name)
  for (const name of [
    '',
    '.',
    '..',
    '.alice',
    '-rf',
    '@alice',
    '+api',
    'a b',
    'a/b',
    'a\\b',
    'a\n',
    'a:b',
    'a%',
    'é',
    'a\0',
    'a'.repeat(65),
  ])
    t.equal(userName(name), undefined, JSON.stringify(name))
})

t.test('__token__ is nobody (UP-15)', async t => {
  t.equal(userName('__token__'), undefined)
})

t.test('nobody is named as our own URLs begin, in any case', async t => {
  for (const name of ['simple', 'Simple', 'packages', 'pypi', 'legacy', 'requirements.txt'])
    t.equal(userName(name), undefined, name)
  t.equal(userName('simple2'), 'simple2')
})
