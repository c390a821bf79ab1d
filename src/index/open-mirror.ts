import type { Counters } from '../counters.ts'
import type { UpstreamSettings } from '../settings.ts'
import { placesOf } from '../spec/places.ts'
import { UpstreamClient } from '../upstream/client.ts'
import { DocumentStore } from '../upstream/document-store.ts'
import { Documents } from '../upstream/documents.ts'
import type { Downloads } from '../upstream/download.ts'
import { HealthWatch } from '../upstream/health.ts'
import { Names } from '../upstream/names.ts'
import { PageStore } from '../upstream/page-store.ts'
import { Pages } from '../upstream/pages.ts'
import type { Ground, Shared } from './ground.ts'
import { Mirror } from './mirror.ts'

/** What all mirrors of a process share. */
export interface Sharing extends Shared {
  readonly counters: Counters
}

/** A mirror, and how its connections are ended. */
export interface OpenMirror {
  readonly mirror: Mirror
  /** What is under way comes to its end. */
  retire(): Promise<void>
  /** What is under way is broken off. */
  close(): Promise<void>
}

/** One upstream, whose files go into the ground of an index. Nobody is asked yet. */
export const openMirror = (
  upstream: UpstreamSettings,
  ground: Ground & { readonly downloads: Downloads },
  { settings, log, counters }: Sharing,
): OpenMirror => {
  const { layout, facts, digests, downloads } = ground
  const { name, url, refresh, refreshesAlone } = upstream
  const { offline, connectTimeout: connect, firstByteTimeout: firstByte } = settings
  const timeouts = { connect, firstByte, idle: settings.idleTimeout }
  const client = new UpstreamClient(upstream, timeouts, log)
  const health = new HealthWatch(name, log, error => counters.upstream(name, url.href, error))
  const limits = { maxBytes: settings.maxPageSize, timeout: settings.pageTimeout }
  const asking = { client, health, limits }
  const store = new PageStore(layout, log, name)
  const documents = new DocumentStore(layout, log, name)
  const fresh = refreshesAlone === true ? { fresh: refresh * 1000 } : {}
  const mirror = new Mirror({
    settings: upstream,
    client,
    pages: new Pages(upstream, { ...asking, store, log }),
    names: new Names({ layout, client, log, upstream: name, url, offline, ...fresh }),
    downloads,
    facts,
    digests,
    documents: new Documents({ ...asking, settings: upstream, store: documents, offline }),
    places: placesOf(layout.index),
  })
  return {
    mirror,
    retire: () => client.retire(),
    close: () => client.close(),
  }
}
