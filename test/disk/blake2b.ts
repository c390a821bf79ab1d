import { join } from 'node:path'
import t from 'tap'
import { hashBlake2b } from '../../src/disk/blake2b.ts'

t.test('the digest that b2sum prints (UP-4)', async t => {
  const path = join(t.testdir({ abc: 'abc' }), 'abc')
  const digest =
    'ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923'
  t.equal(await hashBlake2b(path, 3), digest)
  await t.rejects(hashBlake2b(path, 4), /the file ended at 3/)
  await t.rejects(hashBlake2b(`${path}d`, 3), { code: 'ENOENT' })
})
