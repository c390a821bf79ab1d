import t from 'tap'
import { borrowBuffer, returnBuffer } from '../../src/disk/buffers.ts'
import { clearSpare } from '../../src/spare.ts'

const large = 512 * 1024
const small = 64 * 1024

t.test('there are few large buffers, then small ones, and nobody shares one', async t => {
  const borrowed = Array.from({ length: 40 }, borrowBuffer)
  t.equal(new Set(borrowed).size, 40)
  t.equal(borrowed.filter(({ length }) => length === large).length, 24)
  t.equal(borrowed.filter(({ length }) => length === small).length, 16)
  for (const buffer of borrowed) returnBuffer(buffer)
  const again = Array.from({ length: 25 }, borrowBuffer)
  t.equal(new Set(again).size, 25)
  t.equal(again.filter(buffer => borrowed.includes(buffer)).length, 24, 'large ones are lent again')
  t.equal(again.at(-1)?.length, small)
  for (const buffer of again) returnBuffer(buffer)
})

t.test('those that nobody has borrowed can be spared, and there are as many again', async t => {
  const borrowed = Array.from({ length: 24 }, borrowBuffer)
  const [kept, ...returned] = borrowed as [Buffer, ...Buffer[]]
  for (const buffer of returned) returnBuffer(buffer)
  clearSpare()
  const again = Array.from({ length: 24 }, borrowBuffer)
  t.notOk(again.some(buffer => borrowed.includes(buffer)))
  t.equal(again.filter(({ length }) => length === large).length, 23, 'one is still lent')
  for (const buffer of [kept, ...again]) returnBuffer(buffer)
})
