import type { Counters } from '../counters.ts'
import { Digests } from '../disk/digest.ts'
import { Layout } from '../disk/layout.ts'
import { Directory } from '../disk/list.ts'
import { OpenFiles } from '../disk/open-files.ts'
import type { Log } from '../log.ts'
import type { Settings, UpstreamSettings } from '../settings.ts'
import { UpstreamClient } from '../upstream/client.ts'
import { DocumentStore } from '../upstream/document-store.ts'
import { Documents } from '../upstream/documents.ts'
import { Downloads } from '../upstream/download.ts'
import { HealthWatch } from '../upstream/health.ts'
import { Names } from '../upstream/names.ts'
import { PageStore } from '../upstream/page-store.ts'
import { Pages } from '../upstream/pages.ts'
import { CoreMetadata } from './core-metadata.ts'
import { Facts } from './facts.ts'
import { Folder } from './folder.ts'
import { Mirror } from './mirror.ts'
import { Ownership } from './ownership.ts'
import { Stack } from './stack.ts'
import { Stage } from './stage.ts'

/** The indexes over one directory, without a server around them. */
export interface Indexes {
  readonly layout: Layout
  /** The directory and its upstreams: `/simple/`. */
  readonly root: Stack
  /** What is held, asking nobody: `/local/`. */
  readonly local: Stack
  readonly mirrors: readonly Mirror[]
  /** Takes uploads. */
  readonly stage: Stage
  readonly folder: Folder
  readonly facts: Facts
  readonly digests: Digests
  close(): Promise<void>
}

/** Builds the indexes that the settings describe; nothing is read and nobody is asked yet. */
export const openIndexes = (settings: Settings, log: Log, counters: Counters): Indexes => {
  const layout = new Layout(settings.directory)
  const digests = new Digests(layout)
  const facts = new Facts(layout)
  const files = new OpenFiles()
  const metadata = new CoreMetadata(layout, log)
  const directory = new Directory(settings.directory)
  const folder = new Folder({
    layout,
    directory,
    facts,
    digests,
    metadata,
    files,
    log,
    settle: settings.settle,
    mutable: settings.mutable,
  })
  const downloads = new Downloads(layout, log, bytes => counters.fromUpstream(bytes))
  const ownership = new Ownership(layout, settings, log)
  const opened = settings.upstreams.map(upstream =>
    openMirror(upstream, { settings, layout, log, counters, downloads, facts, digests }),
  )
  const mirrors = opened.map(({ mirror }) => mirror)
  const parts = { folder, mirrors, ownership, metadata, log }
  return {
    layout,
    root: new Stack('root/pypi', { ...parts, offline: settings.offline }),
    local: new Stack('local', { ...parts, offline: true }),
    mirrors,
    stage: new Stage({ layout, directory, folder, facts, digests, metadata, log }),
    folder,
    facts,
    digests,
    close: async () => {
      await downloads.close()
      files.clear()
      await Promise.all(opened.map(({ client }) => client.close()))
    },
  }
}

/** One upstream, and the client that has to be closed in the end. */
const openMirror = (
  upstream: UpstreamSettings,
  parts: {
    settings: Settings
    layout: Layout
    log: Log
    counters: Counters
    downloads: Downloads
    facts: Facts
    digests: Digests
  },
): { mirror: Mirror; client: UpstreamClient } => {
  const { settings, layout, log, counters, downloads, facts, digests } = parts
  const { name, url } = upstream
  const { offline, connectTimeout: connect, firstByteTimeout: firstByte } = settings
  const timeouts = { connect, firstByte, idle: settings.idleTimeout }
  const client = new UpstreamClient(upstream, timeouts, log)
  const health = new HealthWatch(name, log, error => counters.upstream(name, url.href, error))
  const limits = { maxBytes: settings.maxPageSize, timeout: settings.pageTimeout }
  const asking = { client, health, limits }
  const store = new PageStore(layout, log, name)
  const documents = new DocumentStore(layout, log, name)
  const mirror = new Mirror({
    settings: upstream,
    client,
    pages: new Pages(upstream, { ...asking, store, log }),
    names: new Names({ layout, client, log, upstream: name, url, offline }),
    downloads,
    facts,
    digests,
    documents: new Documents({ ...asking, settings: upstream, store: documents, offline }),
  })
  return { mirror, client }
}
