import t from 'tap'
import { userName } from '../../src/spec/user-name.ts'

t.test('a user name is safe as a file name on every system', async t => {
  for (const name of ['a', 'root', 'alice', 'ci-2', 'j.doe', '_bot', '7', 'a'.repeat(64)])
    t.equal(userName(name), name)
  for (const name of [
    '',
    '.',
    '..',
    '.alice',
    '-rf',
    'Alice',
    'a b',
    'a/b',
    'a\\b',
    'a\n',
    'a:b',
    'a@b',
    'é',
    'a\0',
    'a'.repeat(65),
  ])
    t.equal(userName(name), undefined, JSON.stringify(name))
})

t.test('__token__ is nobody (UP-15)', async t => {
  t.equal(userName('__token__'), undefined)
})
