import type { Access, Visitor } from '../../accounts/access.ts'
import type { Accounts } from '../../accounts/accounts.ts'
import type { IndexConfigs } from '../../accounts/index-configs.ts'
import type { Changes } from '../../disk/changes.ts'
import type { Layout } from '../../disk/layout.ts'
import type { Hooks } from '../../hooks/hooks.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Reply } from '../../http/reply.ts'
import type { Opened, Registry } from '../../index/registry.ts'
import type { Journal } from '../../journal/journal.ts'
import type { Log } from '../../log.ts'
import type { PageCache } from '../../pages/cache.ts'
import type { Poster } from '../../upstream/poster.ts'
import type { Ahead } from '../ahead.ts'

/** What devpi's interface answers from. */
export interface DevpiSources {
  readonly registry: Registry
  readonly accounts: Accounts
  readonly access: Access
  readonly configs: IndexConfigs
  readonly journal: Journal
  readonly hooks: Hooks
  /** Sends to where users say, for pushes to other servers. */
  readonly poster: Poster
  /** Whoever changes something that devpi's clients can see notes it there, once it is durable. */
  readonly changes: Changes
  readonly cache: PageCache
  readonly ahead: Ahead
  readonly layout: Layout
  readonly log: Log
  /** Where the settings say that the root index comes from; undefined: its record says it. */
  readonly rootUrl: string | undefined
  /** Largest upload, in bytes. */
  readonly maxUpload: number
  /** Our URL for clients that do not say how they call us. */
  readonly url: string
  /** Our URL as the settings say clients see it, with a slash at its end. */
  readonly outsideUrl: string | undefined
}

/** One request to devpi's interface, with who makes it. */
export interface DevpiRequest {
  readonly exchange: Exchange
  /** Whose rights `sources.access.may` judges; wrong credentials make an anonymous one. */
  readonly visitor: Visitor
  /** The URL of our root as this client sees it, with a slash at its end (devpi-api 1.6). */
  readonly base: string
  /** The way from the URL that was asked for to our root, for links in pages: `../../../`. */
  readonly up: string
  readonly sources: DevpiSources
}

/**
 * Answers for one index. What it throws with a status becomes the shape of error that its kind of
 * route has (devpi-api 1.3); HEAD is asked of it as GET.
 * @param rest the decoded segments below `/USER/INDEX`: `+simple`, `six`, or `six`, `1.0`
 */
export type IndexHandler = (
  request: DevpiRequest,
  index: Opened,
  rest: readonly string[],
) => Reply | Promise<Reply>

/** True when a flag such as `force` is in the query, whatever its value. */
export const hasFlag = ({ exchange }: DevpiRequest, name: string): boolean =>
  exchange.parameter(name) !== undefined
