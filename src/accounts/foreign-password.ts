import { createHash, pbkdf2, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

// Argon2 is computed in WebAssembly and takes a fifth of a second, so not where requests are answered.
const program = `
const { parentPort, workerData } = require('node:worker_threads')
import(workerData.library)
  .then(({ argon2Verify }) => argon2Verify(workerData.attempt))
  .then(isRight => parentPort.postMessage(isRight))
`

const verifyArgon2 = async (password: string, hash: string): Promise<boolean> => {
  const workerData = { library: import.meta.resolve('hash-wasm'), attempt: { password, hash } }
  const worker = new Worker(program, { eval: true, workerData, execArgv: [], env: {} })
  try {
    const [isRight] = (await once(worker, 'message')) as unknown[]
    return isRight === true
  } finally {
    await worker.terminate()
  }
}

const argon2Shape =
  /^\$argon2(?:id|i|d)\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$[A-Za-z0-9+/]{11,172}\$[A-Za-z0-9+/]{22,172}$/

// A damaged file must not cost more than the machine has.
const isModest = (memory: string, passes: string, lanes: string): boolean =>
  Number(memory) <= 256 * 1024 &&
  Number(memory) >= 8 * Number(lanes) &&
  Number(passes) >= 1 &&
  Number(passes) <= 20 &&
  Number(lanes) >= 1 &&
  Number(lanes) <= 16

const pbkdf2Shape = /^\$pbkdf2-sha256\$(\d{1,8})\$([A-Za-z0-9./]{2,172})\$([A-Za-z0-9./]{43})$/

// Passlib writes `.` where others write `+`.
const bytesOf = (text: string): Buffer => Buffer.from(text.replaceAll('.', '+'), 'base64')

const verifyPbkdf2 = async (
  password: string,
  rounds: number,
  salt: Buffer,
  hash: Buffer,
): Promise<boolean> => {
  const found = await new Promise<Buffer>((resolve, reject) =>
    pbkdf2(password, salt, rounds, hash.length, 'sha256', (error, key) =>
      error === null ? resolve(key) : reject(error),
    ),
  )
  return timingSafeEqual(found, hash)
}

const mostRounds = 5_000_000

const oldShape = /^\$devpi-sha256\$([A-Za-z0-9+/=]{1,172})\$([0-9a-f]{64})$/

/**
 * What devpi kept of a password until 2018, a salt and a SHA-256, as one text that `foreignCheck`
 * understands.
 */
export const oldForeignPassword = (salt: string, hash: string): string =>
  `$devpi-sha256$${salt}$${hash}`

const verifyOld = async (password: string, salt: string, hash: string): Promise<boolean> =>
  timingSafeEqual(
    createHash('sha256').update(salt).update(password).digest(),
    Buffer.from(hash, 'hex'),
  )

/**
 * Compares a password with a hash that devpi made: argon2 (RFC 9106), passlib's pbkdf2_sha256, or its
 * own of old.
 * Undefined for any other text.
 */
export const foreignCheck = (
  kept: string,
): ((password: string) => Promise<boolean>) | undefined => {
  const [isArgon2, memory = '', passes = '', lanes = ''] = argon2Shape.exec(kept) ?? []
  if (isArgon2 !== undefined)
    return isModest(memory, passes, lanes) ? password => verifyArgon2(password, kept) : undefined
  const [isOld, oldSalt = '', oldHash = ''] = oldShape.exec(kept) ?? []
  if (isOld !== undefined) return password => verifyOld(password, oldSalt, oldHash)
  const [isPbkdf2, rounds = '', salt = '', hash = ''] = pbkdf2Shape.exec(kept) ?? []
  const count = Number(rounds)
  if (isPbkdf2 === undefined || count < 1 || count > mostRounds) return undefined
  return password => verifyPbkdf2(password, count, bytesOf(salt), bytesOf(hash))
}
