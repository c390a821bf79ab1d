import { hashBlake2b } from '../disk/blake2b.ts'
import { hashFile, type HashName } from '../disk/hashing.ts'
import { Spool } from '../disk/spool.ts'
import { HttpError } from './error.ts'
import type { Exchange } from './exchange.ts'

/** A file that a client sent, whole and durable under a temporary name. */
export interface ReceivedFile {
  /** The name of its form field; empty for a body without a form. */
  readonly field: string
  /** The base name that the client gave, unchecked otherwise; empty if it gave none. */
  readonly filename: string
  /** A temporary file, which the owner gives a name or discards. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** Lower-case hex. */
  readonly sha256: string
  /** Lower-case hex. Was it not computed on the way, the file is read again, so it must still be there. */
  digest(name: HashName | 'blake2b'): Promise<string>
}

/** Where received bytes go, and how many are taken. */
export interface ReceiveOptions {
  /** A directory on the file system of the archive. */
  readonly temporary: string
  /** Bytes of all files together. */
  readonly most: number
}

/** 413, said as soon as it is known (fault P04). */
export const tooLarge = (most: number): HttpError =>
  new HttpError(413, `too large: at most ${most} bytes are taken here`)

/** A file on its way to the disk. */
export class Receiving {
  readonly #spool: Spool
  readonly #field: string
  readonly #filename: string

  private constructor(spool: Spool, field: string, filename: string) {
    this.#spool = spool
    this.#field = field
    this.#filename = filename
  }

  /** Begins a file; `names` are hashed on the way besides sha256. */
  static async open(
    { temporary }: ReceiveOptions,
    field: string,
    filename: string,
    names: readonly HashName[] = [],
  ): Promise<Receiving> {
    return new Receiving(await Spool.open(temporary, ['sha256', ...names]), field, filename)
  }

  write(bytes: Buffer): Promise<void> {
    return this.#spool.write(bytes)
  }

  /** The whole file, once it is durable. */
  async finish(): Promise<ReceivedFile> {
    const digests = await this.#spool.finish()
    const { path, size } = this.#spool
    return {
      field: this.#field,
      filename: this.#filename,
      path,
      size,
      sha256: digests.get('sha256') ?? '',
      digest: async name => {
        if (name === 'blake2b') return hashBlake2b(path, size)
        return digests.get(name) ?? hashFile(path, size, name)
      },
    }
  }

  /** Removes what has arrived. */
  discard(): Promise<void> {
    return this.#spool.discard()
  }
}

/**
 * Takes a body as a file: `PUT`, `curl --data-binary`. When it fails, nothing is left on the disk.
 * @throws {HttpError} 413; 400 and 408 when the client breaks off
 */
export const receiveFile = async (
  exchange: Exchange,
  options: ReceiveOptions & { readonly filename: string },
): Promise<ReceivedFile> => {
  const { body } = exchange
  const { most, filename } = options
  if ((body.length ?? 0) > most) throw tooLarge(most)
  const receiving = await Receiving.open(options, '', filename)
  try {
    let size = 0
    for await (const bytes of body.read()) {
      size += bytes.length
      if (size > most) throw tooLarge(most)
      await receiving.write(bytes)
    }
    return await receiving.finish()
  } catch (error) {
    await receiving.discard()
    throw error
  }
}

/**
 * Takes a small body as UTF-8 text, without a byte order mark.
 * @param most bytes
 * @throws {HttpError} 413; 400 when it is not UTF-8; 400 and 408 when the client breaks off
 */
export const receiveText = async (exchange: Exchange, most: number): Promise<string> => {
  const { body } = exchange
  if ((body.length ?? 0) > most) throw tooLarge(most)
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let size = 0
  let text = ''
  try {
    for await (const bytes of body.read()) {
      size += bytes.length
      if (size > most) throw tooLarge(most)
      text += decoder.decode(bytes, { stream: true })
    }
    return text + decoder.decode()
  } catch (error) {
    if (error instanceof TypeError) throw new HttpError(400, 'the body is not UTF-8 text')
    throw error
  }
}
