import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { host } from '../../src/disk/layout.ts'
import { isGone, ownerName } from '../../src/disk/owner.ts'

const now = () => Date.now()

t.test('this process lives', async t => {
  const own = await ownerName()
  t.equal(own, await ownerName())
  t.ok(own.startsWith(`${host}-${process.pid}-`))
  t.match(own, /^[A-Za-z0-9._-]{1,120}$/)
  t.equal(await isGone(own, now()), false)
  t.equal(
    await isGone(own, process.platform === 'linux' ? 0 : now()),
    false,
    'for as long as it does',
  )
})

t.test('a process that has ended is gone at once', async t => {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  t.equal(await isGone(`${host}-${child.pid}-x`, now()), true)
})

const skip = process.platform === 'linux' ? false : 'the system does not tell'

t.test('another process with the same number is another', { skip }, async t => {
  t.equal(await isGone(`${host}-${process.pid}-${'0'.repeat(12)}`, now()), true)
})

t.test('of another host time alone tells', async t => {
  t.equal(await isGone(`elsewhere-${process.pid}-${'0'.repeat(12)}`, now()), false)
  t.equal(await isGone(`elsewhere-${process.pid}-${'0'.repeat(12)}`, now() - 3_600_000), true)
  t.equal(await isGone('no owner', now() - 3_600_000), true)
  t.equal(await isGone('no owner', now()), false)
})
