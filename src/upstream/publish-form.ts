import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { Posting } from './poster.ts'

/** A file that is sent, as it lies on disk. */
export interface FormFile {
  readonly path: string
  /** Bytes; it must not change while it is sent. */
  readonly size: number
  /** As it is called there. */
  readonly name: string
}

/** Fields of a form in their order; one that has several values is sent several times. */
export type Fields = readonly (readonly [name: string, value: string])[]

// Line feeds and quotes end a header or a value in it (HTML, multipart/form-data).
const quoted = (text: string): string =>
  text.replace(
    /["\r\n]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )

/** A form of multipart/form-data with the file as its part `content`, streamed from disk. */
export const multipartForm = (fields: Fields, file: FormFile): Posting => {
  const boundary = randomBytes(24).toString('hex')
  const part = (head: string) => `--${boundary}\r\nContent-Disposition: form-data; name=${head}\r\n`
  const texts = fields.map(([name, value]) => `${part(`"${quoted(name)}"`)}\r\n${value}\r\n`)
  const opening = `${part(`"content"; filename="${quoted(file.name)}"`)}Content-Type: application/octet-stream\r\n\r\n`
  const before = Buffer.from(texts.join('') + opening)
  const after = Buffer.from(`\r\n--${boundary}--\r\n`)
  const stream = async function* (): AsyncGenerator<Uint8Array, void> {
    yield before
    // Exactly what was promised, should somebody write into it.
    if (file.size > 0) yield* createReadStream(file.path, { end: file.size - 1 })
    yield after
  }
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    length: before.length + file.size + after.length,
    open: stream,
  }
}

/** A form without a file, urlencoded. */
export const plainForm = (fields: Fields): Posting => {
  const form = new URLSearchParams()
  for (const [name, value] of fields) form.append(name, value)
  const body = Buffer.from(form.toString())
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    length: body.length,
    open: async function* () {
      yield body
    },
  }
}
