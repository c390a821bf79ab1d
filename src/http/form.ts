import type { HashName } from '../disk/hashing.ts'
import { discard } from '../disk/write.ts'
import { HttpError } from './error.ts'
import type { Exchange } from './exchange.ts'
import { MultipartReader, type Token } from './multipart.ts'
import { parseParameters } from './parameters.ts'
import type { PartHead } from './part-head.ts'
import { Receiving, tooLarge, type ReceivedFile, type ReceiveOptions } from './receive.ts'
import { FieldText } from './field-text.ts'

/** A form that a client sent. */
export interface Form {
  /** The values of each field in their order, as UTF-8; what is not becomes U+FFFD. */
  readonly fields: ReadonlyMap<string, readonly string[]>
  readonly files: readonly ReceivedFile[]
  /** Removes the files that are still under their temporary names. */
  discard(): Promise<void>
}

/** Bytes of all fields together, their names included. */
const mostOfFields = 32 * 1024 * 1024

/** Bytes of a body that may go beyond its files and fields: heads, boundaries. */
const overhead = 32 * 1024 * 1024

/** The fields that announce a digest of the file that follows. */
const announced: ReadonlyMap<string, HashName> = new Map([
  ['md5_digest', 'md5'],
  ['blake2_256_digest', 'blake2b_256'],
])

/** A form while it arrives. */
class Arriving {
  readonly fields = new Map<string, string[]>()
  readonly files: ReceivedFile[] = []
  readonly #options: ReceiveOptions
  #left: number
  #leftOfFields = mostOfFields
  #name = ''
  #text: FieldText | undefined
  #file: Receiving | undefined

  constructor(options: ReceiveOptions) {
    this.#options = options
    this.#left = options.most
  }

  async take(token: Token): Promise<void> {
    if (token === 'end') await this.#end()
    else if (!Buffer.isBuffer(token)) await this.#begin(token)
    else if (this.#text !== undefined) this.#text.append(this.#countField(token))
    else await this.#file?.write(this.#countFile(token))
  }

  async discard(): Promise<void> {
    await this.#file?.discard()
    for (const { path } of this.files) await discard(path)
  }

  #countField(bytes: Buffer): Buffer {
    this.#leftOfFields -= bytes.length
    if (this.#leftOfFields < 0)
      throw new HttpError(400, `the fields of the form are larger than ${mostOfFields} bytes`)
    return bytes
  }

  #countFile(bytes: Buffer): Buffer {
    this.#left -= bytes.length
    if (this.#left < 0) throw tooLarge(this.#options.most)
    return bytes
  }

  async #begin({ name, filename }: PartHead): Promise<void> {
    this.#name = name
    if (filename === undefined) this.#text = new FieldText(name)
    else this.#file = await Receiving.open(this.#options, name, filename, this.#wanted())
  }

  #wanted(): HashName[] {
    const names: HashName[] = []
    for (const [field, name] of announced)
      if (this.fields.get(field)?.some(value => value !== '') === true) names.push(name)
    return names
  }

  async #end(): Promise<void> {
    if (this.#text !== undefined) {
      const values = this.fields.get(this.#name) ?? []
      values.push(this.#text.end())
      this.fields.set(this.#name, values)
      this.#text = undefined
    } else if (this.#file !== undefined) {
      this.files.push(await this.#file.finish())
      this.#file = undefined
    }
  }
}

const boundaryOf = (contentType: string | undefined): string => {
  const { value, parameters } = parseParameters(contentType ?? '') ?? {}
  if (value !== 'multipart/form-data')
    throw new HttpError(415, 'send the form as multipart/form-data')
  const boundary = parameters?.get('boundary')
  // The characters are not looked at: old clients are careless about those that need quotes.
  if (boundary === undefined || !/^[^\p{Cc}]{1,70}$/u.test(boundary))
    throw new HttpError(400, 'the Content-Type names no boundary of 1 to 70 characters')
  return boundary
}

/**
 * Takes a body of multipart/form-data; files stream to the disk while they are hashed. Lines may end
 * in CRLF or, as those of the old `register` and `upload_docs`, in LF. When it fails, nothing is left
 * on the disk.
 * @throws {HttpError} 400 for a bad form, 413 for too large a one, 415 for another type of body; 400
 * and 408 when the client breaks off
 */
export const receiveForm = async (exchange: Exchange, options: ReceiveOptions): Promise<Form> => {
  const { body } = exchange
  const reader = new MultipartReader(boundaryOf(exchange.header('content-type')))
  const most = options.most + mostOfFields + overhead
  if ((body.length ?? 0) > most) throw tooLarge(options.most)
  const form = new Arriving(options)
  try {
    let size = 0
    for await (const bytes of body.read()) {
      size += bytes.length
      if (size > most) throw tooLarge(options.most)
      for (const token of reader.feed(bytes)) await form.take(token)
    }
    reader.end()
  } catch (error) {
    await form.discard()
    throw error
  }
  return form
}
