import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { hasCode, orAbsent } from '../../src/disk/error-code.ts'

t.test('a system error is recognised by its code', async t => {
  const error = await readFile(join(t.testdir(), 'none')).catch((caught: unknown) => caught)
  t.equal(hasCode(error, 'EEXIST', 'ENOENT'), true)
  t.equal(hasCode(error, 'EEXIST'), false)
})

t.test('what is no system error has no code', async t => {
  t.equal(hasCode(new Error('ENOENT'), 'ENOENT'), false)
  t.equal(hasCode({ code: 'ENOENT' }, 'ENOENT'), false)
  t.equal(hasCode(undefined, 'ENOENT'), false)
})

t.test('nothing there is undefined, be it a missing file or a file on the way', async t => {
  const directory = t.testdir({ file: 'x' })
  t.equal(await orAbsent(readFile(join(directory, 'none'), 'utf8')), undefined)
  t.equal(await orAbsent(readFile(join(directory, 'file/below'), 'utf8')), undefined)
  t.equal(await orAbsent(readFile(join(directory, 'file'), 'utf8')), 'x')
})

t.test('any other failure is thrown', async t => {
  await t.rejects(orAbsent(readFile(t.testdir())), { code: 'EISDIR' })
})
