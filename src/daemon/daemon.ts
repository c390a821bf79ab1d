import { createLog } from '../log.ts'
import type { Log } from '../log.ts'
import { reviveSettings } from '../settings.ts'
import type { Settings } from '../settings.ts'
import { removeOldCounters } from './counters-file.ts'
import { claimPidFile, releasePidFile, updatePidFile } from './pid-file.ts'
import type { Daemon } from './pid-file.ts'
import { processIdentity } from './process.ts'
import { describeObstacle } from './describe.ts'
import { endOnCrash, untilStopped } from './signals.ts'
import { Workers } from './workers.ts'

/** What `start` tells the daemon. */
export interface Orders {
  readonly settings: string
  readonly argv: readonly string[]
  readonly version: string
}

/** What the daemon answers. */
export type Answer = 'awaiting orders' | { readonly url: string } | { readonly failed: string }

const answer = (message: Answer): Promise<void> =>
  new Promise(resolve => {
    if (process.send === undefined || !process.connected) resolve()
    else process.send(message, undefined, {}, () => resolve())
  })

const refuse = async (reason: string): Promise<never> => {
  await answer({ failed: reason })
  process.exit(1)
}

const describeSelf = async ({ argv, version }: Orders): Promise<Daemon> => ({
  pid: process.pid,
  started: new Date().toISOString(),
  identity: (await processIdentity(process.pid)) ?? '',
  argv,
  version,
})

const supervise = async (settings: Settings, daemon: Daemon, log: Log): Promise<void> => {
  const workers = new Workers(settings, settings.logFile, log)
  const stopped = untilStopped(() => {
    log.reopen()
    workers.reopen()
  })
  endOnCrash(log, () => workers.stop())
  await removeOldCounters(settings.directory)
  const url = await workers.start()
  await updatePidFile(settings.pidFile, { ...daemon, url })
  log.info('started', { version: daemon.version, url, pid: daemon.pid, cache: settings.directory })
  await answer({ url })
  if (process.connected) process.disconnect()
  const signal = await stopped
  await workers.stop()
  log.info('stopped', { signal })
}

const run = async (orders: Orders): Promise<void> => {
  const settings = reviveSettings(orders.settings)
  process.title = `proxypypi ${settings.bind}:${settings.port}`
  const daemon = await describeSelf(orders)
  const obstacle = await claimPidFile(settings.pidFile, daemon)
  if (obstacle !== undefined) return refuse(describeObstacle(obstacle))
  const { logFile: path, logFormat: format, logLevel: level } = settings
  try {
    const log = createLog({ path, format, level })
    await supervise(settings, daemon, log)
    await log.flush()
  } catch (error) {
    await releasePidFile(settings.pidFile, daemon)
    return refuse((error as Error).message)
  }
  await releasePidFile(settings.pidFile, daemon)
  process.exit(0)
}

const orphaned = (): never => process.exit(1)

/** The daemon: waits for its orders, claims the PID file, keeps workers alive, ends on TERM. */
export const runDaemon = (): void => {
  // It must not keep the caller's directory busy.
  process.chdir('/')
  process.once('disconnect', orphaned)
  process.once('message', (orders: Orders) => {
    process.off('disconnect', orphaned)
    run(orders).catch((error: unknown) => refuse((error as Error).message))
  })
  void answer('awaiting orders')
}
