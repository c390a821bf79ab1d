import { STATUS_CODES } from 'node:http'
import { errorReply } from '../../http/error.ts'
import { acceptance } from '../../http/negotiate.ts'
import type { Exchange } from '../../http/exchange.ts'
import { octetsOf, oneLine, type Reply } from '../../http/reply.ts'
import type { Log } from '../../log.ts'
import { Refusal, type ErrorShape } from './envelope.ts'

const escapes: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
])

const html = (text: string): string =>
  text.replace(/[&<>"]/g, character => escapes.get(character) ?? '')

const page = (code: string, line: string): string => `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${html(code)}</title></head>
<body><h1>${html(code)}</h1><p>${html(line)}</p></body>
</html>
`

const typed = (type: string, text: string): Pick<Reply, 'headers' | 'body'> => ({
  headers: ['Content-Type', type, 'Cache-Control', 'no-store', 'Vary', 'Accept, User-Agent'],
  body: octetsOf(text),
})

const asPage = (exchange: Exchange, status: number, line: string) => {
  const accept = exchange.header('accept')
  const title = STATUS_CODES[status] ?? 'Error'
  const code = `${status} ${title}`
  const [forHtml, forJson] = [
    acceptance(accept, 'text/html'),
    acceptance(accept, 'application/json'),
  ]
  if (forHtml > 0 && forHtml >= forJson) {
    const { headers, body } = typed('text/html; charset=utf-8', page(code, line))
    return { headers: [...headers, 'Content-Security-Policy', "default-src 'none'"], body }
  }
  if (forJson > 0)
    return typed(
      'application/json',
      `${JSON.stringify({ message: line, code, title }, undefined, 2)}\n`,
    )
  return typed('text/plain; charset=utf-8', `${line}\n`)
}

const asEnvelope = (line: string) =>
  typed('application/json', `${JSON.stringify({ message: line }, undefined, 2)}\n`)

const prefersEnvelope = (exchange: Exchange, shape: ErrorShape): boolean =>
  shape === 'api' ||
  (shape === 'mixed' && (exchange.header('accept') ?? '').includes('application/json'))

// Of the headers of a plain answer those that do not describe its body.
const further = (headers: readonly string[]): string[] => {
  const kept: string[] = []
  for (let at = 0; at < headers.length; at += 2)
    if (!/^(?:content-type|cache-control)$/i.test(headers[at] ?? ''))
      kept.push(headers[at] ?? '', headers[at + 1] ?? '')
  return kept
}

/**
 * The answer to an error, in one of devpi's shapes. Errors that are nobody's message are logged and
 * not shown (X19).
 * @param usual the shape of the route
 */
export const errorAnswer = (
  exchange: Exchange,
  error: unknown,
  usual: ErrorShape,
  log: Log,
): Reply => {
  const { status, reason = 'refused', headers } = errorReply(error, log, exchange.path)
  const shape = error instanceof Refusal ? (error.shape ?? usual) : usual
  const line = oneLine(reason)
  const told = prefersEnvelope(exchange, shape) ? asEnvelope(line) : asPage(exchange, status, line)
  return {
    status,
    ...(shape === 'upload' && { reason: line }),
    headers: [...told.headers, ...further(headers)],
    body: told.body,
  }
}
