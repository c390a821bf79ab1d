import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { forgetPieces } from '../../src/disk/spent-pieces.ts'

const piece = 64 * 1024
const count = 256
const rounds = 20

const held = (): number => process.memoryUsage().arrayBuffers

/** In how many rounds pieces stay that nobody keeps, as a body brings them. */
const stay = async (told: (bytes: number) => void): Promise<number> => {
  let found = 0
  for (let round = 0; round < rounds; round += 1) {
    const before = held()
    for (let at = 0; at < count; at += 1) told(Buffer.allocUnsafeSlow(piece).length)
    await setImmediate()
    if (held() - before > (count * piece) / 2) found += 1
  }
  return found
}

t.test('pieces of a body are given back before there are many of them', async t => {
  // V8 gives them back by itself, too, sooner or later, and not always at once when it is told to.
  const untold = await stay(() => {})
  const told = await stay(forgetPieces)
  t.ok(told < untold, `stayed in ${told} of ${rounds} rounds, and in ${untold} without`)
})
