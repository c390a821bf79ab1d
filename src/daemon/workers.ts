import cluster from 'node:cluster'
import type { Worker } from 'node:cluster'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Log } from '../log.ts'
import type { Settings } from '../settings.ts'
import type { Order, Report } from './worker.ts'

/** Milliseconds before a worker that died is replaced; doubled each time until one has lived for `proven`. */
const pauses = { first: 100, longest: 30_000, proven: 60_000 }

/** Milliseconds on top of the grace after which a worker is killed. */
const margin = 1500

/** The program that daemons and workers run. */
export const childProgram = fileURLToPath(
  new URL(`./child${extname(import.meta.url)}`, import.meta.url),
)

const freePort = async (host: string): Promise<number> => {
  const server = createServer().listen({ port: 0, host })
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** The processes that serve; the one that has them only watches. */
export class Workers {
  readonly #settings: Settings
  readonly #logPath: string | undefined
  readonly #log: Log
  readonly #workers = new Set<Worker>()
  #port: number
  #pause = pauses.first
  #isStopping = false

  constructor(settings: Settings, logPath: string | undefined, log: Log) {
    this.#settings = settings
    this.#logPath = logPath
    this.#log = log
    this.#port = settings.port
  }

  /** Starts them all; resolves with their URL when every one listens. Throws the first one's reason when one cannot. */
  async start(): Promise<string> {
    const { bind, port, workers } = this.#settings
    // A single worker accepts by itself; several get connections in turn. Fixed by setupPrimary.
    cluster.schedulingPolicy = workers === 1 ? cluster.SCHED_NONE : cluster.SCHED_RR
    cluster.setupPrimary({ exec: childProgram, args: [] })
    // Workers share what they ask for by the same number, so that 0 would not be.
    if (port === 0 && workers > 1) this.#port = await freePort(bind)
    try {
      const [first] = await Promise.all(Array.from({ length: workers }, () => this.#fork()))
      if (first === undefined) throw new RangeError('no workers')
      // A successor must take the same one.
      this.#port = first.port
      return first.url
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** Lets transfers finish, for at most the grace of the settings; then kills. Resolves when none is left. */
  async stop(): Promise<void> {
    this.#isStopping = true
    const ended = [...this.#workers].map(
      worker => new Promise(resolve => worker.once('exit', resolve)),
    )
    this.#tell('stop')
    const force = setTimeout(
      () => {
        for (const worker of this.#workers) worker.process.kill('SIGKILL')
      },
      this.#settings.grace * 1000 + margin,
    )
    await Promise.all(ended)
    clearTimeout(force)
  }

  reopen(): void {
    this.#tell('reopen')
  }

  #tell(order: Order): void {
    for (const worker of this.#workers) if (worker.isConnected()) worker.send(order, () => {})
  }

  #fork(): Promise<{ url: string; port: number }> {
    const worker = cluster.fork()
    this.#workers.add(worker)
    const born = performance.now()
    let isServing = false
    const settings = JSON.stringify({ ...this.#settings, port: this.#port })
    const order: Order = { serve: settings, logPath: this.#logPath, daemon: process.pid }
    return new Promise((resolve, reject) => {
      worker.on('message', (report: Report) => {
        if (report === 'awaiting orders') worker.send(order, () => {})
        else if ('failed' in report) reject(new Error(report.failed))
        else {
          isServing = true
          resolve(report)
        }
      })
      worker.on('error', reject)
      worker.on('exit', (code, signal) => {
        this.#workers.delete(worker)
        if (!isServing) reject(new Error(`a worker ended with ${signal || code} at its start`))
        else if (!this.#isStopping) this.#replace(signal || String(code), performance.now() - born)
      })
    })
  }

  #replace(ending: string, lived: number): void {
    if (lived > pauses.proven) this.#pause = pauses.first
    const pause = this.#pause
    this.#pause = Math.min(pause * 2, pauses.longest)
    this.#log.error('worker ended', { ending, restart: `${pause}ms` })
    setTimeout(() => {
      if (this.#isStopping) return
      this.#fork().catch((error: Error) => this.#replace(error.message, 0))
    }, pause)
  }
}
