import t from 'tap'
import { releaseVersion } from '../../src/spec/release-version.ts'

t.test('a version is an opaque text, by PEP 440 or not', async t => {
  for (const text of ['1.0', '1.0.0', '1!2.0+local.1', 'dev', '1.0-beta', '2004d', 'a'.repeat(100)])
    t.equal(releaseVersion(text), text)
})

t.test('what could not be a file name or a path segment is none (X01)', async t => {
  const hostile = [
    '',
    '.',
    '..',
    '../x',
    '1/0',
    '1\\0',
    '.1',
    '-1',
    '1 0',
    '1\n',
    '1\0',
    'é',
    '%2e',
  ]
  for (const text of [...hostile, '1?', '1#', '1"', '<1>', 'a'.repeat(101)])
    t.equal(releaseVersion(text), undefined, JSON.stringify(text))
})
