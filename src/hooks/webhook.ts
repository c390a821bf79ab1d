import { createHmac } from 'node:crypto'
import type { HookEvent, Message } from './event.ts'

/** The signature of a body: what `X-Proxypypi-Signature` says, by the key that both sides know. */
export const signature = (secret: string, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

/**
 * What the index's `uploadtrigger_webhook` is told of an upload or a push, as JSON; signed if the
 * index has a `uploadtrigger_secret`. Undefined when the index has none.
 * @param id the same for each attempt, so that a receiver knows what it has had
 */
export const webhookMessage = (
  what: 'upload' | 'push',
  event: HookEvent,
  id: string,
  time: Date,
): Message | undefined => {
  const { index, config, base } = event
  if (config.type !== 'stage' || !config.uploadtrigger_webhook) return undefined
  const body = JSON.stringify({
    event: what,
    delivery: id,
    time: time.toISOString(),
    index,
    index_url: `${base}${index}`,
    project: event.project,
    version: event.version,
    user: event.user ?? null,
    ...(event.source !== undefined && { source: event.source }),
    files: event.files.map(({ filename, path, sha256, size }) => ({
      filename,
      url: base + path,
      hashes: { sha256 },
      size,
    })),
  })
  const secret = config.uploadtrigger_secret
  return {
    receiver: `${index} webhook`,
    url: config.uploadtrigger_webhook,
    headers: {
      'content-type': 'application/json',
      'x-proxypypi-event': what,
      'x-proxypypi-delivery': id,
      ...(secret && { 'x-proxypypi-signature': signature(secret, body) }),
    },
    body,
  }
}
