import type { HookEvent, Message } from './event.ts'

/**
 * What the index's `uploadtrigger_webhook` is told of an upload or a push, as JSON, without its
 * signature. Undefined when the index has none.
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
  return {
    receiver: `${index} webhook`,
    index,
    setting: 'uploadtrigger_webhook',
    value: config.uploadtrigger_webhook,
    url: config.uploadtrigger_webhook,
    headers: {
      'content-type': 'application/json',
      'x-proxypypi-event': what,
      'x-proxypypi-delivery': id,
    },
    body,
  }
}
