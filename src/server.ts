import { mkdir } from 'node:fs/promises'
import { Access } from './accounts/access.ts'
import { Accounts } from './accounts/accounts.ts'
import type { Counters } from './counters.ts'
import type { Layout } from './disk/layout.ts'
import { tryLock } from './disk/lock.ts'
import { sweep } from './disk/sweep.ts'
import { create } from './disk/write.ts'
import { listen } from './http/listener.ts'
import { router } from './http/router.ts'
import { openIndexes } from './index/open.ts'
import { Journal } from './journal/journal.ts'
import { background, type Log } from './log.ts'
import { routes } from './routes/table.ts'
import type { Settings } from './settings.ts'

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
  const access = new Access(new Accounts(layout), settings)
  const { maxUpload } = settings
  const url = `http://${bind}:${port}/`
  const { outsideUrl } = settings
  const handle = router(routes({ ...indexes, access, journal, maxUpload, url, outsideUrl }))
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
