import { readSettings } from '../config/read-settings.ts'
import { prepareDirectory } from '../daemon/directory.ts'
import { serve } from '../daemon/serve.ts'
import { endOnCrash, endSoon, untilStopped } from '../daemon/signals.ts'
import { measureUsage } from '../daemon/usage.ts'
import { createLog } from '../log.ts'
import type { Log } from '../log.ts'
import type { Settings } from '../settings.ts'
import { banner } from './banner.ts'
import { print } from './command.ts'
import type { Command } from './command.ts'
import { warnOfOpenRoot } from './open-root.ts'

/** Milliseconds that counting what lies in the cache may take; the server answers meanwhile. */
const countingTime = 300

interface Running {
  readonly url: string
  readonly end: () => Promise<void>
  readonly reopen: () => void
}

const serveHere = async (settings: Settings, log: Log): Promise<Running> => {
  const serving = await serve(settings, log)
  return { url: serving.url, end: () => serving.end(), reopen: () => log.reopen() }
}

const serveInWorkers = async (
  settings: Settings,
  log: Log,
  logPath: string | undefined,
): Promise<Running> => {
  const { Workers } = await import('../daemon/workers.ts')
  const workers = new Workers(settings, logPath, log)
  const url = await workers.start()
  endOnCrash(log, () => workers.stop())
  const reopen = (): void => {
    log.reopen()
    workers.reopen()
  }
  return { url, end: () => workers.stop(), reopen }
}

/** Serves in the foreground. */
export const run: Command = {
  name: 'run',
  group: 'Server',
  summary: 'serve in the foreground',
  details:
    'Serves until Ctrl-C or TERM, then lets running transfers finish and exits with 0; a second ' +
    'signal ends it at once. Logs to standard output unless --log names a file. Writes no PID file.',
  examples: [
    ['proxypypi run', 'cache PyPI in the current directory, at http://127.0.0.1:8000/simple/'],
    ['proxypypi -d /srv/pypi -b 0.0.0.0 run', 'serve other machines too'],
    ['proxypypi -n run', 'offline: serve what is cached, ask nobody'],
  ],
  async execute(invocation) {
    const settings = await readSettings(invocation)
    await prepareDirectory(settings)
    const path = settings.logToFile === true ? settings.logFile : undefined
    const log = createLog({ path, format: settings.logFormat, level: settings.logLevel })
    let running: Running | undefined
    const stopped = untilStopped(() => running?.reopen())
    running = await (settings.workers === 1 ?
      serveHere(settings, log)
    : serveInWorkers(settings, log, path))
    print(banner(settings, running.url, await measureUsage(settings.directory, countingTime)))
    await warnOfOpenRoot(settings)
    await stopped
    await running.end()
    await log.flush()
    endSoon(0)
    return 0
  },
}
