import { collectYoung } from './garbage.ts'

/** Bytes of spent pieces that are worth a look: fewer would slow a fast upload down. */
const worthwhile = 8 * 1024 * 1024

let spent = 0

/**
 * Told of bytes that came in pieces of their own and are not needed any more, it has them given back
 * now and then. The pieces of a body lie outside of V8's heap and weigh next to nothing in it, so by
 * itself it would look for dead ones only after tens of megabytes of them.
 */
export const forgetPieces = (bytes: number): void => {
  spent += bytes
  if (spent < worthwhile) return
  spent = 0
  collectYoung()
}
