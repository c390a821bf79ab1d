import { lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { writeFiles } from '../../src/deploy/write-files.ts'

const files = [
  { name: 'one', text: 'first', use: '' },
  { name: 'two', text: 'second', use: '' },
]

t.test('files are written, and never over others unless that is asked for', async t => {
  const root = t.testdir({ elsewhere: 'mine' })
  const directory = join(root, 'made', 'here')
  await writeFiles(directory, files, false)
  t.equal(readFileSync(join(directory, 'one'), 'utf8'), 'first')
  await t.rejects(writeFiles(directory, files, false), {
    message: `${join(directory, 'one')}, ${join(directory, 'two')}: there already; --force writes anew`,
  })
  const other = join(root, 'other')
  await writeFiles(other, files.slice(1), false)
  writeFileSync(join(other, 'two'), 'changed')
  await t.rejects(writeFiles(other, files, false), /two: there already/)
  t.same(readdirSync(other), ['two'], 'not even half of it is written')
  symlinkSync(join(root, 'elsewhere'), join(other, 'one'))
  await t.rejects(writeFiles(other, files, false), /one, /)
  await writeFiles(other, files, true)
  t.equal(readFileSync(join(other, 'two'), 'utf8'), 'second')
  t.ok(lstatSync(join(other, 'one')).isFile())
  t.equal(readFileSync(join(root, 'elsewhere'), 'utf8'), 'mine', 'a link is replaced, not followed')
  t.same(readdirSync(other).toSorted(), ['one', 'two'], 'nothing else is left behind')
})
