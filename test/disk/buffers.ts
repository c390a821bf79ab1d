import t from 'tap'
import { borrowBuffer, returnBuffer } from '../../src/disk/buffers.ts'

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
