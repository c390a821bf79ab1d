import type { Exchange } from '../../http/exchange.ts'
import { HttpError } from '../../http/error.ts'
import { receiveText } from '../../http/receive.ts'
import type { JsonObject } from '../../disk/json.ts'

/** Largest body that is read into memory, in bytes: a registration with a long description. */
const most = 8 * 1024 * 1024

/** Largest JSON body, in bytes, and how deep its lists and objects may lie within each other. */
const mostJson = 1024 * 1024
const deepest = 50

const read = new WeakMap<Exchange, Promise<string>>()

/**
 * The body as text, whatever type the client gives it; read once, however often it is asked for.
 * @throws {HttpError} 400 when it is no UTF-8 or breaks off, 413
 */
export const textBody = (exchange: Exchange): Promise<string> => {
  const known = read.get(exchange)
  if (known !== undefined) return known
  const text = receiveText(exchange, most)
  read.set(exchange, text)
  return text
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new HttpError(400, 'the body is not JSON')
  }
}

// Without recursion, since the depth is what may be hostile.
const checkShape = (root: unknown): void => {
  let level: unknown[] = [root]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepest)
      throw new HttpError(400, `the JSON is nested deeper than ${deepest} levels`)
    const below: unknown[] = []
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue
      if (Object.hasOwn(value, '__proto__'))
        throw new HttpError(400, 'the JSON has a key __proto__')
      for (const member of Object.values(value)) below.push(member)
    }
    level = below
  }
}

/** @throws {HttpError} 400 for what is no JSON, too deep, or has a key `__proto__`; 413 */
export const readJson = (text: string): unknown => {
  if (Buffer.byteLength(text) > mostJson)
    throw new HttpError(413, `too large: at most ${mostJson} bytes of JSON are taken here`)
  const value = parse(text)
  checkShape(value)
  return value
}

/**
 * The body as JSON, whatever type the client gives it (devpi-api 1.2).
 * @throws {HttpError} 400 for what is no JSON, too deep, or has a key `__proto__`; 413
 */
export const jsonBody = async (exchange: Exchange): Promise<unknown> => {
  if ((exchange.body.length ?? 0) > mostJson)
    throw new HttpError(413, `too large: at most ${mostJson} bytes of JSON are taken here`)
  return readJson(await textBody(exchange))
}

/**
 * The body as a JSON object.
 * @throws {HttpError} as `jsonBody`, and 400 for any other value
 */
export const objectBody = async (exchange: Exchange): Promise<JsonObject> => {
  const value = await jsonBody(exchange)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new HttpError(400, 'the body must be a JSON object')
  return value as JsonObject
}
