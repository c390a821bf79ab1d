import { Counters } from '../counters.ts'
import type { Log } from '../log.ts'
import type { Settings } from '../settings.ts'
import { keepCounters } from './counters-file.ts'
import { explainListenError } from './listen-error.ts'
import { Quiet } from './quiet.ts'
import { endOnCrash } from './signals.ts'

/** A server that runs in this process. */
export interface Serving {
  readonly url: string
  readonly port: number
  /** Lets running transfers finish, for at most the grace of the settings. */
  end(): Promise<void>
}

/** Milliseconds on top of the grace after which nobody waits for the server any more. */
const margin = 500

const noticing = (log: Log): Log => {
  const quiet = new Quiet()
  return {
    ...log,
    access: access => {
      quiet.worked()
      log.access(access)
    },
  }
}

/** Serves in this process; as part of a daemon, what it counts can be found under that pid. Throws one line when it cannot. */
export const serve = async (settings: Settings, log: Log, daemon?: number): Promise<Serving> => {
  const counters = new Counters()
  const { startServer } = await import('../server.ts')
  const server = await startServer(settings, noticing(log), counters).catch(
    async (error: unknown) => {
      throw await explainListenError(error, settings)
    },
  )
  const settle =
    daemon === undefined ? undefined : keepCounters(counters, settings.directory, daemon, log)
  const end = async (): Promise<void> => {
    const late = new Promise<void>(resolve => {
      setTimeout(resolve, settings.grace * 1000 + margin).unref()
    })
    await Promise.race([server.close(), late])
    await settle?.()
  }
  endOnCrash(log, end)
  return { url: server.url, port: server.port, end }
}
