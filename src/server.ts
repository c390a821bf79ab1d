import { mkdir } from 'node:fs/promises'
import type { Counters } from './counters.ts'
import { Digests } from './disk/digest.ts'
import { Layout } from './disk/layout.ts'
import { Directory } from './disk/list.ts'
import { tryLock } from './disk/lock.ts'
import { OpenFiles } from './disk/open-files.ts'
import { sweep } from './disk/sweep.ts'
import { create } from './disk/write.ts'
import { listen } from './http/listener.ts'
import { router } from './http/router.ts'
import { CoreMetadata } from './index/core-metadata.ts'
import { Facts } from './index/facts.ts'
import { Folder } from './index/folder.ts'
import { Mirror } from './index/mirror.ts'
import { Ownership } from './index/ownership.ts'
import { Stack } from './index/stack.ts'
import { Stage } from './index/stage.ts'
import { Journal } from './journal/journal.ts'
import { background, type Log } from './log.ts'
import { PageCache } from './pages/cache.ts'
import { filesRoute } from './routes/files.ts'
import { homeRoute } from './routes/home.ts'
import { projectJsonRoute } from './routes/project-json.ts'
import { provenanceRoute } from './routes/provenance.ts'
import { simpleRoute } from './routes/simple.ts'
import { healthRoute, readyRoute } from './routes/status.ts'
import type { Settings, UpstreamSettings } from './settings.ts'
import { UpstreamClient } from './upstream/client.ts'
import { DocumentStore } from './upstream/document-store.ts'
import { Documents } from './upstream/documents.ts'
import { Downloads } from './upstream/download.ts'
import { HealthWatch } from './upstream/health.ts'
import { Names } from './upstream/names.ts'
import { PageStore } from './upstream/page-store.ts'
import { Pages } from './upstream/pages.ts'

/** A server that listens. */
export interface Server {
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

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
  const clients: UpstreamClient[] = []
  const open = (upstream: UpstreamSettings): Mirror => {
    const client = new UpstreamClient(
      upstream,
      {
        connect: settings.connectTimeout,
        firstByte: settings.firstByteTimeout,
        idle: settings.idleTimeout,
      },
      log,
    )
    clients.push(client)
    const { name, url } = upstream
    const health = new HealthWatch(name, log, error => counters.upstream(name, url.href, error))
    const limits = { maxBytes: settings.maxPageSize, timeout: settings.pageTimeout }
    const pages = new Pages(upstream, {
      client,
      store: new PageStore(layout, log, name),
      health,
      log,
      limits,
    })
    const documents = new Documents({
      settings: upstream,
      client,
      store: new DocumentStore(layout, log, name),
      health,
      limits,
      offline: settings.offline,
    })
    const names = new Names({ layout, client, log, upstream: name, url, offline: settings.offline })
    return new Mirror({
      settings: upstream,
      client,
      pages,
      names,
      downloads,
      facts,
      digests,
      documents,
    })
  }
  const mirrors = settings.upstreams.map(open)
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
      await Promise.all(clients.map(client => client.close()))
    },
  }
}

/**
 * Opens the directory and starts to listen.
 * @throws the system's error when it cannot
 */
export const startServer = async (
  settings: Settings,
  log: Log,
  counters: Counters,
): Promise<Server> => {
  const indexes = openIndexes(settings, log, counters)
  const { layout, root, local, stage } = indexes
  const cache = new PageCache()
  const { bind, port } = settings
  const counting: Log = {
    ...log,
    access: access => {
      counters.request(access.cache, access.bytes)
      log.access(access)
    },
  }
  const journal = new Journal(layout, log, { keep: settings.journalKeep })
  const files = filesRoute(root, journal)
  const url = `http://${bind}:${port}/`
  const handle = router({
    '': homeRoute(url),
    simple: simpleRoute(root, cache, 1),
    'ext/pypi/simple': simpleRoute(root, cache, 3),
    'root/pypi/+simple': simpleRoute(root, cache, 3),
    'root/pypi/simple': simpleRoute(root, cache, 3),
    local: simpleRoute(local, cache, 1),
    packages: files,
    package: files,
    pypi: projectJsonRoute(root, url),
    integrity: provenanceRoute(root, (name, filename) => stage.attestations(name, filename)),
    '-/health': healthRoute,
    '-/ready': readyRoute(layout),
  })
  const listener = await listen({ bind, port, handle, log: counting })
  const preparing = prepare(layout, journal)
  background(preparing, 'preparing the cache', log)
  return {
    url: listener.url,
    port: listener.port,
    close: async () => {
      await listener.close(settings.grace * 1000)
      await journal.close()
      await indexes.close()
      // Nothing may be written once we have said that we are closed.
      await Promise.allSettled([preparing])
    },
  }
}

const cacheTag =
  'Signature: 8a477f597d28d172789f06886806bc55\n# May be deleted: it only costs time.\n'

// The directory's format for later versions, the mark that lets backups skip the cache, and a broom.
const prepare = async (layout: Layout, journal: Journal): Promise<void> => {
  await mkdir(layout.cache, { recursive: true })
  await create(layout, layout.format, '{"version":1,"root":"root/pypi"}\n')
  await create(layout, layout.cacheTag, cacheTag)
  await sweep(layout)
  await journal.tidy()
  // The first lock of a process costs some milliseconds more: not those of the first client.
  const release = await tryLock(layout.lock('warm-up'))
  await release?.()
}
