import { mkdir } from 'node:fs/promises'
import { Access } from './accounts/access.ts'
import { Accounts } from './accounts/accounts.ts'
import type { Counters } from './counters.ts'
import { Changes } from './disk/changes.ts'
import type { Layout } from './disk/layout.ts'
import { tryLock } from './disk/lock.ts'
import { sweep } from './disk/sweep.ts'
import { create } from './disk/write.ts'
import { Hooks, type Send } from './hooks/hooks.ts'
import type { Exchange } from './http/exchange.ts'
import { listen } from './http/listener.ts'
import { readOutsideUrl, stripOutsidePath } from './http/outside-url.ts'
import { router } from './http/router.ts'
import { openIndexes } from './index/open.ts'
import { recoverPushes } from './index/pushes.ts'
import { Journal } from './journal/journal.ts'
import { background, type Log } from './log.ts'
import { PageCache } from './pages/cache.ts'
import { Ahead } from './routes/ahead.ts'
import { routes } from './routes/table.ts'
import type { Settings } from './settings.ts'
import { Poster } from './upstream/poster.ts'

/** A server that listens. */
export interface Server {
  readonly url: string
  readonly port: number
  close(): Promise<void>
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
  const { layout } = indexes
  const { bind, port } = settings
  const counting: Log = {
    ...log,
    access: access => {
      counters.request(access.cache, access.bytes)
      log.access(access)
    },
  }
  const journal = new Journal(layout, log, { keep: settings.journalKeep })
  const accounts = new Accounts(layout)
  const poster = openPoster(settings, log)
  const hooks = new Hooks({
    layout,
    log,
    send: sendWith(poster),
    configOf: name => indexes.configs.get(name),
  })
  const ahead = new Ahead()
  const { outsideUrl } = settings
  const answer = router(
    routes({
      ...indexes,
      accounts,
      access: new Access(accounts, settings),
      journal,
      hooks,
      poster,
      log,
      rootUrl: settings.isDefaultUpstream === true ? undefined : settings.upstreams[0]?.url.href,
      maxUpload: settings.maxUpload,
      outsideUrl,
      changes: new Changes(layout),
      cache: new PageCache(),
      ahead,
      url: `http://${bind}:${port}/`,
    }),
  )
  const outside = outsideUrl === undefined ? undefined : readOutsideUrl(outsideUrl)
  const handle = (exchange: Exchange) => {
    stripOutsidePath(exchange, outside)
    return answer(exchange)
  }
  const listener = await listen({ bind, port, handle, log: counting })
  const preparing = prepare(layout, journal, log)
  background(preparing, 'preparing the cache', log)
  hooks.start()
  return {
    url: listener.url,
    port: listener.port,
    close: async () => {
      await listener.close(settings.grace * 1000)
      const looking = ahead.close()
      await hooks.close()
      await poster.close()
      await journal.close()
      await indexes.close()
      await looking
      // Nothing may be written once we have said that we are closed.
      await Promise.allSettled([preparing])
    },
  }
}

const openPoster = (settings: Settings, log: Log): Poster => {
  const { connectTimeout: connect, firstByteTimeout: firstByte, idleTimeout: idle } = settings
  const caFile = settings.upstreams.find(upstream => upstream.caFile !== undefined)?.caFile
  return new Poster({ connect, firstByte, idle }, log, caFile)
}

const sendWith =
  (poster: Poster): Send =>
  ({ url, headers, body }, signal) => {
    const bytes = Buffer.from(body)
    return poster.post(new URL(url), {
      headers,
      signal,
      length: bytes.length,
      async *open() {
        yield bytes
      },
    })
  }

const cacheTag =
  'Signature: 8a477f597d28d172789f06886806bc55\n# May be deleted: it only costs time.\n'

// The directory's format for later versions, the mark that lets backups skip the cache, and a broom.
const prepare = async (layout: Layout, journal: Journal, log: Log): Promise<void> => {
  await mkdir(layout.cache, { recursive: true })
  await create(layout, layout.format, '{"version":1,"root":"root/pypi"}\n')
  await create(layout, layout.cacheTag, cacheTag)
  await sweep(layout)
  await recoverPushes(layout, log)
  await journal.tidy()
  // The first lock of a process costs some milliseconds more: not those of the first client.
  const release = await tryLock(layout.lock('warm-up'))
  await release?.()
}
