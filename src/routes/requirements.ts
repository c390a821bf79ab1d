import { HttpError } from '../http/error.ts'
import type { Exchange } from '../http/exchange.ts'
import { receiveForm } from '../http/form.ts'
import { receiveText } from '../http/receive.ts'
import { json } from '../http/reply.ts'
import type { Index } from '../index/index.ts'
import type { Report } from '../prefetch/prefetch.ts'
import { Slots } from '../prefetch/slots.ts'
import type { Wishes } from '../prefetch/wish.ts'
import { readFile } from 'node:fs/promises'
import { hostPlatform, newestPython, readTarget, type Target } from '../spec/environment.ts'
import type { GuardedHandler } from './access.ts'
import { jsonErrors } from './json-errors.ts'

/** Largest requirements file, in bytes. */
const most = 1024 * 1024

/** Lists that are worked on at a time; others wait. */
const abreast = 2

const readBody = async (exchange: Exchange, temporary: string): Promise<string | Uint8Array> => {
  const type = exchange.header('content-type') ?? ''
  // Its first version took the text itself, which curl calls by the type of a web form.
  if (!type.startsWith('multipart/')) return receiveText(exchange, most)
  const form = await receiveForm(exchange, { temporary, most })
  try {
    const file = form.files.find(({ field }) => field === 'requirements')
    if (file === undefined) throw new HttpError(400, 'Missing requirements data.')
    // As bytes: PowerShell writes UTF-16.
    return await readFile(file.path)
  } finally {
    await form.discard()
  }
}

const host = (): Target =>
  readTarget(newestPython, hostPlatform(process.platform, process.arch, false))

const fill = async (index: Index, wishes: Wishes, target: Target): Promise<Report> => {
  const { prefetch } = await import('../prefetch/prefetch.ts')
  // Line by line, as they were in the original: one that cannot be had leaves the others alone.
  return prefetch(index, { ...wishes, closed: true }, [target], { host: host() })
}

// The lines in the order of the file, as the original gave them.
const answer = ({ lines, unparseable }: Report) => ({
  cached: [...new Set(lines.flatMap(({ files }) => files))],
  failed: lines.filter(({ failures }) => failures.length > 0).map(({ line }) => line),
  unparseable: unparseable.map(({ line }) => line),
})

/**
 * `POST /requirements.txt` of pypicache (C17 to C19, C24): fetches the distributions that the lines
 * of a requirements or lock file ask for, for all machines unless `?python=3.12&platform=linux-x86_64`
 * names one, and answers with the file names it has now and the lines it could not serve.
 */
export const requirementsHandler = (index: Index, temporary: string): GuardedHandler => {
  const slots = new Slots(abreast)
  return jsonErrors(async (exchange, rest) => {
    if (rest.length > 0) throw new HttpError(404, 'not found: no such path')
    const text = await readBody(exchange, temporary)
    const { readWishes } = await import('../prefetch/wishes/read-wishes.ts')
    const wishes = await readWishes(text, { name: 'requirements.txt' })
    const target = readTarget(
      exchange.parameter('python') ?? 'any',
      exchange.parameter('platform') ?? 'any',
    )
    // Until everything is here nothing is sent, which must not pass for a dead connection.
    exchange.request.socket.setTimeout(0)
    return json(200, answer(await slots.run(() => fill(index, wishes, target))))
  })
}
