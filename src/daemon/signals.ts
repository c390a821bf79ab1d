import { constants } from 'node:os'
import type { Log } from '../log.ts'

/** Milliseconds that a process which met an unexpected error gets for its last answers. */
const lastWords = 5000

/**
 * USR1, by which many rotate logs, makes Node open a debugger: whoever is on this machine could then
 * do anything in our name.
 */
export const refuseDebugger = (): void => {
  process.on('SIGUSR1', () => {})
}

/**
 * Resolves when the process is told to end, by TERM or Ctrl-C; a second signal ends it at once. HUP
 * calls `reopen`, after a log rotation. PIPE, USR1 and a closed standard output are ignored (fault C37).
 */
export const untilStopped = (reopen: () => void): Promise<NodeJS.Signals> => {
  refuseDebugger()
  process.on('SIGHUP', reopen)
  return new Promise(resolve => {
    let isAsked = false
    const stop = (signal: NodeJS.Signals): void => {
      if (isAsked) process.exit(128 + constants.signals[signal])
      isAsked = true
      resolve(signal)
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}

/** Logs an error that nobody caught, ends what runs, and the process with 1 (fault X29). */
export const endOnCrash = (log: Log, end: () => Promise<void>): void => {
  let isEnding = false
  const crash = async (error: unknown): Promise<void> => {
    const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
    const [, at = ''] = /\n\s+at (.*)/.exec(stack) ?? []
    log.error('unexpected error', { reason: message, at })
    log.debug('stack', { stack })
    if (isEnding) return
    isEnding = true
    setTimeout(() => process.exit(1), lastWords)
    try {
      await end()
      await log.flush()
    } finally {
      process.exit(1)
    }
  }
  process.on('uncaughtException', error => void crash(error))
  process.on('unhandledRejection', error => void crash(error))
}

/** Ends the process soon, even if something forgotten would keep it alive. */
export const endSoon = (code: number): void => {
  process.exitCode = code
  setTimeout(() => process.exit(code), 300).unref()
}
