import type { Filename } from '../spec/filename.ts'
import type { IndexConfig } from '../spec/index-config.ts'
import type { IndexName } from '../spec/index-name.ts'
import type { Name } from '../spec/project-name.ts'

/** A file that came to an index, as receivers are told of it. */
export interface HookFile {
  readonly filename: Filename
  /** The public path below our root. */
  readonly path: string
  readonly sha256: string
  /** Bytes. */
  readonly size: number
}

/** Something that came to an index. */
export interface HookEvent {
  readonly index: IndexName
  /** The index's settings, which say who is told. */
  readonly config: IndexConfig
  readonly project: Name
  readonly version: string
  readonly files: readonly HookFile[]
  /** Whose doing it is; nobody in particular when undefined. */
  readonly user: string | undefined
  /** Our root as this user calls it, with a slash at its end; the URLs told begin with it. */
  readonly base: string
  /** The index that it was pushed from. */
  readonly source?: IndexName | undefined
}

/** The settings that name receivers. */
export const hookSettings = ['uploadtrigger_webhook', 'uploadtrigger_jenkins'] as const

/** What a receiver is sent: nothing of it but a signature is made anew when it is sent again. */
export interface Message {
  /** Of one receiver, the same for all that it is sent: `alice/dev webhook`. */
  readonly receiver: string
  /** Whose receiver it is. */
  readonly index: IndexName
  /** The setting that named it, and what it was. */
  readonly setting: (typeof hookSettings)[number]
  readonly value: string
  /** May hold credentials. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Its receiver says by a redirect that it has taken it (302, 303). */
  readonly isTakenByRedirect?: boolean | undefined
}

/** The settings of an index as they are now; undefined when there is none of that name. */
export type ConfigOf = (index: IndexName) => Promise<IndexConfig | undefined>

/** What became of one attempt. */
export interface Sent {
  readonly status: number
}

/**
 * Sends a message by POST, without following redirects.
 * @throws when there is no answer in time; its message is one line without credentials
 */
export type Send = (message: Message, signal: AbortSignal) => Promise<Sent>
