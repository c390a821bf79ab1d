import type { Exchange } from './exchange.ts'
import { tooLarge } from './receive.ts'

/**
 * Takes a small body as it is.
 * @param most bytes
 * @throws {HttpError} 413; 400 and 408 when the client breaks off
 */
export const receiveBytes = async ({ body }: Exchange, most: number): Promise<Buffer> => {
  if ((body.length ?? 0) > most) throw tooLarge(most)
  const chunks: Buffer[] = []
  let size = 0
  for await (const bytes of body.read()) {
    size += bytes.length
    if (size > most) throw tooLarge(most)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}
