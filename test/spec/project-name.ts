import t from 'tap'
import { projectName } from '../../src/spec/project-name.ts'

t.test('the normal form of names (FN-2, FN-5)', async t => {
  t.equal(projectName('zope.interface'), 'zope-interface')
  t.equal(projectName('A__b..C'), 'a-b-c')
  t.equal(projectName('Foo-_.Bar'), 'foo-bar')
  t.equal(projectName('0'), '0')
  t.equal(projectName('x'.repeat(200)), 'x'.repeat(200))
})

t.test('what is no name (FN-1, FN-5)', async t => {
  const none = [
    '-foo',
    'foo.',
    '_',
    '',
    'foo bar',
    '\u00e9',
    'foo\n',
    '\u212a',
    'a/b',
    'a\\b',
    '..',
  ]
  for (const text of [...none, 'a\0b', '@root', '.proxypypi', '%2e', 'x'.repeat(201)])
    t.equal(projectName(text), undefined, JSON.stringify(text.slice(0, 20)))
})
