/**
 * Tells others what came to an index. What is to be told is queued as a file before the upload is
 * answered; it goes out afterwards, as often as it takes, whatever is restarted meanwhile. A
 * receiver may get a message twice, when a process is killed just after it was taken: its id tells.
 * What waits for a receiver that the index has no longer is dropped.
 */
import type { Layout } from '../disk/layout.ts'
import { background, type Log } from '../log.ts'
import { Courier } from './courier.ts'
import type { ConfigOf, HookEvent, Message, Send } from './event.ts'
import { jenkinsMessage } from './jenkins.ts'
import { usual, type Patience } from './patience.ts'
import { messageId, Queue } from './queue.ts'
import { webhookMessage } from './webhook.ts'

export type { HookEvent, HookFile, Message, Send, Sent } from './event.ts'

/** The hooks of all indexes, in one process of many. */
export class Hooks {
  readonly #queue: Queue
  readonly #courier: Courier
  readonly #log: Log

  /** @param parts.configOf asked before each attempt whether its receiver is still wanted */
  constructor(parts: {
    layout: Layout
    log: Log
    send: Send
    configOf: ConfigOf
    patience?: Patience
  }) {
    const { layout, log, send, configOf, patience = usual } = parts
    this.#queue = new Queue(layout)
    this.#courier = new Courier({ queue: this.#queue, log, send, configOf, patience })
    this.#log = log
  }

  /** Queues what an upload gives others to know. Never throws, and never waits for a receiver. */
  uploaded(event: HookEvent): Promise<void> {
    return this.#tell((id, now) => [
      webhookMessage('upload', event, id, now),
      jenkinsMessage(event),
    ])
  }

  /** The same of a push, at the index it came to. Jenkins is told of uploads only, as by devpi. */
  pushed(event: HookEvent): Promise<void> {
    return this.#tell((id, now) => [webhookMessage('push', event, id, now)])
  }

  /** Sends what waits, from now on; also what other processes have left. */
  start(): void {
    this.#courier.start()
  }

  /** Breaks off what is being sent; it stays queued. */
  close(): Promise<void> {
    return this.#courier.close()
  }

  async #tell(make: (id: string, now: Date) => (Message | undefined)[]): Promise<void> {
    const created = Date.now()
    const id = messageId(created)
    try {
      for (const [index, message] of make(id, new Date(created)).entries()) {
        if (message === undefined) continue
        const own = index === 0 ? id : messageId(created)
        await this.#queue.write({ id: own, message, created, due: created, attempts: 0 })
        background(this.#courier.look(), 'sending hooks', this.#log)
      }
    } catch (error) {
      this.#log.error('a hook is not told of an upload', { reason: (error as Error).message })
    }
  }
}
