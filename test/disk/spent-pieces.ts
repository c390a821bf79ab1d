import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { forgetPieces } from '../../src/disk/spent-pieces.ts'

const piece = 64 * 1024
const count = 256

/** Pieces that nobody keeps, as a body brings them. */
const receive = (told: (bytes: number) => void): void => {
  for (let at = 0; at < count; at += 1) told(Buffer.allocUnsafeSlow(piece).length)
}

t.test('pieces of a body are given back before there are many of them', async t => {
  const held = () => process.memoryUsage().arrayBuffers
  // Some are given back by themselves at any time, so there is more than one try.
  const most = { untold: 0, told: 0 }
  for (let round = 0; round < 5; round += 1) {
    for (const [key, told] of [
      ['untold', () => {}],
      ['told', forgetPieces],
    ] as const) {
      const before = held()
      receive(told)
      await setImmediate()
      most[key] = Math.max(most[key], held() - before)
    }
  }
  t.ok(most.untold >= (count * piece) / 2, `${most.untold} bytes untold`)
  t.ok(most.told < most.untold / 2, `${most.told} bytes told`)
})
