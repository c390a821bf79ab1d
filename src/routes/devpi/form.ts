import { HttpError } from '../../http/error.ts'
import type { Exchange } from '../../http/exchange.ts'
import { receiveForm, type Form } from '../../http/form.ts'
import type { ReceiveOptions } from '../../http/receive.ts'
import { textBody } from './body.ts'

// As many as a form with parts may have.
const mostFields = 2000

const isMultipart = (exchange: Exchange): boolean =>
  (exchange.header('content-type') ?? '').toLowerCase().startsWith('multipart/form-data')

// Before it is taken apart, which costs a hundred times as much.
const hasTooMany = (text: string): boolean => {
  let count = 0
  for (let at = text.indexOf('&'); at >= 0 && count < mostFields; at = text.indexOf('&', at + 1))
    count += 1
  return count >= mostFields
}

const urlEncoded = (text: string): Form => {
  const fields = new Map<string, string[]>()
  if (hasTooMany(text)) throw new HttpError(400, `the form has more than ${mostFields} fields`)
  for (const [name, value] of new URLSearchParams(text)) {
    const values = fields.get(name) ?? []
    values.push(value)
    fields.set(name, values)
  }
  return { fields, files: [], discard: async () => {} }
}

/**
 * A form that a client of devpi's sends: multipart with its files, or URL-encoded without, as other
 * servers register what they push (devpi-api 13).
 * @throws {HttpError} as `receiveForm` and `textBody`
 */
export const readForm = async (exchange: Exchange, options: ReceiveOptions): Promise<Form> =>
  isMultipart(exchange) ? receiveForm(exchange, options) : urlEncoded(await textBody(exchange))
