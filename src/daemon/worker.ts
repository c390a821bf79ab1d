import { createLog } from '../log.ts'
import type { Log } from '../log.ts'
import { reviveSettings } from '../settings.ts'
import { serve } from './serve.ts'
import type { Serving } from './serve.ts'
import { refuseDebugger } from './signals.ts'

/** What the primary tells a worker. */
export type Order =
  | { readonly serve: string; readonly logPath: string | undefined; readonly daemon: number }
  | 'stop'
  | 'reopen'

/** What a worker tells the primary. */
export type Report =
  'awaiting orders' | { readonly url: string; readonly port: number } | { readonly failed: string }

const report = (message: Report): Promise<void> =>
  new Promise(resolve => {
    if (process.send === undefined) resolve()
    else process.send(message, undefined, {}, () => resolve())
  })

let log: Log | undefined
let serving: Serving | undefined

const begin = async ({ serve: text, logPath, daemon }: Exclude<Order, string>): Promise<void> => {
  try {
    const settings = reviveSettings(text)
    process.title = `proxypypi worker ${settings.bind}:${settings.port}`
    log = createLog({ path: logPath, format: settings.logFormat, level: settings.logLevel })
    serving = await serve(settings, log, daemon)
    await report({ url: serving.url, port: serving.port })
  } catch (error) {
    await report({ failed: (error as Error).message })
    process.exit(1)
  }
}

const stop = async (): Promise<void> => {
  await serving?.end()
  await log?.flush()
  process.exit(0)
}

/** One worker: waits for its settings, serves until told to stop, ends when the primary is gone. */
export const runWorker = (): void => {
  // Ctrl-C reaches the whole process group; the primary decides.
  process.on('SIGINT', () => {})
  refuseDebugger()
  process.on('SIGHUP', () => log?.reopen())
  process.on('SIGTERM', () => void stop())
  process.on('message', (order: Order) => {
    if (order === 'reopen') log?.reopen()
    else if (order === 'stop') void stop()
    else void begin(order)
  })
  // What arrives before the listener is there may be lost, so orders wait until they are asked for.
  void report('awaiting orders')
}
