import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { orAbsent } from '../disk/error-code.ts'
import { readObject, type JsonObject } from '../disk/json.ts'
import type { Layout } from '../disk/layout.ts'
import { tryLock, type Release } from '../disk/lock.ts'
import { discard, replace } from '../disk/write.ts'
import { readIndexName } from '../spec/index-name.ts'
import { hookSettings, type Message } from './event.ts'

/** A message that waits to be sent. Times in milliseconds since 1970. */
export interface Waiting {
  readonly id: string
  readonly message: Message
  readonly created: number
  /** Not before then. */
  readonly due: number
  /** So often it was tried in vain. */
  readonly attempts: number
}

const shape = /^([0-9a-z]{9}-[0-9a-f]{16})\.json$/

/** A new name for a message; those made later sort later. */
export const messageId = (now: number): string =>
  `${now.toString(36).padStart(9, '0')}-${randomBytes(8).toString('hex')}`

const readMessage = (value: unknown): Message | undefined => {
  if (typeof value !== 'object' || value === null) return undefined
  const { receiver, index, value: was, url, headers, body, ...rest } = value as JsonObject
  if (typeof receiver !== 'string' || typeof url !== 'string' || typeof body !== 'string')
    return undefined
  if (typeof headers !== 'object' || headers === null) return undefined
  const name = typeof index === 'string' ? readIndexName(index) : undefined
  const setting = hookSettings.find(each => each === rest['setting'])
  if (name === undefined || setting === undefined || typeof was !== 'string') return undefined
  return {
    receiver,
    index: name,
    setting,
    value: was,
    url,
    headers: headers as Message['headers'],
    body,
    isTakenByRedirect: rest['isTakenByRedirect'] === true,
  }
}

/** The messages that wait, a small file each, which all processes over one directory see. */
export class Queue {
  readonly #layout: Layout

  constructor(layout: Layout) {
    this.#layout = layout
  }

  /** The ids of those that wait, oldest first. */
  async ids(): Promise<string[]> {
    const names = (await orAbsent(readdir(this.#layout.hooks))) ?? []
    return names.flatMap(name => shape.exec(name)?.[1] ?? []).toSorted()
  }

  /** A message that waits; undefined when it has gone out since, or is broken. */
  async read(id: string): Promise<Waiting | undefined> {
    const record = await readObject(this.#path(id))
    const message = readMessage(record?.['message'])
    const { created, due, attempts } = record ?? {}
    if (message === undefined || typeof created !== 'number' || typeof due !== 'number')
      return undefined
    return { id, message, created, due, attempts: typeof attempts === 'number' ? attempts : 0 }
  }

  /** Keeps a message, durably. Only the owner of the directory may read it: URLs hold passwords. */
  async write({ id, ...waiting }: Waiting): Promise<void> {
    await replace(this.#layout, this.#path(id), JSON.stringify(waiting), { mode: 0o600 })
  }

  /** The message is done with. */
  remove(id: string): Promise<void> {
    return discard(this.#path(id))
  }

  /** The right to send a message; undefined when another process has it. */
  claim(id: string): Promise<Release | undefined> {
    return tryLock(this.#layout.lock(`hook ${id}`))
  }

  #path(id: string): string {
    return join(this.#layout.hooks, `${id}.json`)
  }
}
