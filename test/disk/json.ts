import { join } from 'node:path'
import t from 'tap'
import { parseObject, readObject } from '../../src/disk/json.ts'

t.test('only an object is a record; everything else counts as missing (fault S20)', async t => {
  t.same(parseObject('{"a":[1]}'), { a: [1] })
  for (const broken of ['', '{', '[]', '[{}]', 'null', '1', '"x"', '\0\0\0\0', '{"a":1}x'])
    t.equal(parseObject(broken), undefined, JSON.stringify(broken))
})

t.test('a key named __proto__ changes no prototype', async t => {
  const record = parseObject('{"__proto__":{"evil":true}}')
  t.equal((record as { evil?: unknown }).evil, undefined)
  t.equal(({} as { evil?: unknown }).evil, undefined)
})

t.test('a record is read from its file', async t => {
  const directory = t.testdir({ good: '{"a":1}', torn: '{"a":', dir: {} })
  t.same(await readObject(join(directory, 'good')), { a: 1 })
  t.equal(await readObject(join(directory, 'torn')), undefined)
  t.equal(await readObject(join(directory, 'none')), undefined)
  t.equal(await readObject(join(directory, 'good/none')), undefined)
  t.equal(await readObject(join(directory, 'dir')), undefined)
  const long = join(directory, 'n'.repeat(300))
  await t.rejects(readObject(long), { code: 'ENAMETOOLONG' })
})
