import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { foreignCheck } from './foreign-password.ts'

/** What scrypt is told (RFC 7914): `cost` is the binary logarithm of its N. */
interface Parameters {
  readonly cost: number
  readonly blocks: number
  readonly parallel: number
}

interface Stored extends Parameters {
  readonly salt: Buffer
  readonly hash: Buffer
}

// A fifth of a second and 32 MB for each guess.
const usual: Parameters = { cost: 15, blocks: 8, parallel: 3 }
const hashLength = 32

const derive = (password: string, salt: Buffer, { cost, blocks, parallel }: Parameters) =>
  new Promise<Buffer>((resolve, reject) => {
    const N = 2 ** cost
    // Node counts less than what OpenSSL wants beside the big table.
    const maxmem = 128 * blocks * (N + parallel + 2) + 1024 * 1024
    // One password may be typed as different code points on different machines.
    const text = password.normalize('NFC')
    scrypt(text, salt, hashLength, { N, r: blocks, p: parallel, maxmem }, (error, hash) =>
      error === null ? resolve(hash) : reject(error),
    )
  })

const write = ({ cost, blocks, parallel, salt, hash }: Stored): string =>
  [
    '$scrypt',
    `ln=${cost},r=${blocks},p=${parallel}`,
    salt.toString('base64url'),
    hash.toString('base64url'),
  ].join('$')

const shape = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w-]{16,128})\$([\w-]{43})$/

// A damaged file must not cost more than the machine has.
const read = (text: string): Stored | undefined => {
  const [, cost, blocks, parallel, salt = '', hash = ''] = shape.exec(text) ?? []
  const found = {
    cost: Number(cost),
    blocks: Number(blocks),
    parallel: Number(parallel),
    salt: Buffer.from(salt, 'base64url'),
    hash: Buffer.from(hash, 'base64url'),
  }
  const isSane =
    found.cost >= 10 &&
    found.cost <= 20 &&
    found.blocks >= 1 &&
    found.blocks <= 16 &&
    found.parallel >= 1 &&
    found.parallel <= 16
  return isSane ? found : undefined
}

/** A password as it is kept: hash, salt and parameters of scrypt in one text (fault P24). */
export const hashPassword = async (password: string): Promise<string> => {
  const salt = randomBytes(16)
  return write({ ...usual, salt, hash: await derive(password, salt, usual) })
}

/** The kept password of users who do not exist: no password is right, and that takes as long (fault P02). */
export const nobodysPassword = write({
  ...usual,
  salt: randomBytes(16),
  hash: randomBytes(hashLength),
})

/** The kept password of a user who cannot sign in with any. */
export const closedPassword = '!'

/**
 * True when this is the password that was kept so, here or by devpi. What is kept is no password
 * hash: never true.
 */
export const isPassword = async (password: string, kept: string): Promise<boolean> => {
  const stored = read(kept)
  if (stored !== undefined)
    return timingSafeEqual(await derive(password, stored.salt, stored), stored.hash)
  const isRight = foreignCheck(kept)
  if (isRight !== undefined) return password !== '' && isRight(password)
  return kept !== nobodysPassword && isPassword(password, nobodysPassword)
}

/** True for what another program made of a password: ours is made when its owner next signs in. */
export const isForeignPassword = (kept: string): boolean => foreignCheck(kept) !== undefined

/** Longest password in characters. */
const longest = 1024

/** Why a text cannot be a password, in one line; undefined when it can (RFC 7617). */
export const passwordFault = (password: string): string | undefined => {
  if (password === '') return 'the password is empty'
  if (password.length > longest) return `the password is longer than ${longest} characters`
  return /\p{Cc}/u.test(password) ? 'the password has control characters' : undefined
}
