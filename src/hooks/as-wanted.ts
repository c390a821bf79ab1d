import { createHmac } from 'node:crypto'
import type { IndexConfig } from '../spec/index-config.ts'
import type { Message } from './event.ts'

/**
 * A message as its index wants it sent now: signed with the `uploadtrigger_secret` that it has, if
 * any, since a receiver knows no former one. Undefined when the index has this receiver no longer.
 */
export const asWanted = (
  message: Message,
  config: IndexConfig | undefined,
): Message | undefined => {
  if (config?.type !== 'stage' || config[message.setting] !== message.value) return undefined
  const secret = config.uploadtrigger_secret
  if (message.setting !== 'uploadtrigger_webhook' || !secret) return message
  const signature = `sha256=${createHmac('sha256', secret).update(message.body).digest('hex')}`
  return { ...message, headers: { ...message.headers, 'x-proxypypi-signature': signature } }
}
