import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

/** Runs a program to its end: `{ stdout, stderr }`; throws when it fails. */
export const run = promisify(execFile)

/** A port on loopback that was free a moment ago. */
export const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** One GET on a connection of its own, read to the end: status, headers, body as sent; throws after 20 s of silence. */
export const fetchRaw = (url, headers = {}) =>
  new Promise((resolve, reject) => {
    const request = get(url, { headers, agent: false }, response => {
      const { statusCode: status, headers } = response
      response
        .toArray()
        .then(parts => resolve({ status, headers, body: Buffer.concat(parts) }), reject)
    })
    request.setTimeout(20_000, () => request.destroy(new Error(`${url}: silent for 20 s`)))
    request.on('error', reject)
  })

/** The processes a benchmark started, so that none outlives it. */
export class Processes {
  #running = new Map()

  /** Starts a program; what it writes is kept for the message should it die. */
  start(command, args, options = {}) {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    const state = { said: '', dead: false, ended: undefined }
    const hear = chunk => {
      state.said = (state.said + chunk).slice(-2000)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('error', error => hear(error.message))
    state.ended = new Promise(resolve => {
      child.once('close', () => {
        state.dead = true
        this.#running.delete(child)
        resolve()
      })
    })
    this.#running.set(child, state)
    return child
  }

  /** Milliseconds until `url` answers 200; throws with the program's last words when it died or `patience`, in ms, is over. */
  async ready(child, url, patience = 30_000) {
    const began = performance.now()
    const state = this.#running.get(child)
    const hopeful = () => state?.dead === false && performance.now() - began < patience
    while (hopeful()) {
      const answer = await fetchRaw(url).catch(() => undefined)
      if (answer?.status === 200) return performance.now() - began
      await sleep(5)
    }
    throw new Error(`${child.spawnargs.join(' ')}\ndid not answer at ${url}\n${state?.said}`)
  }

  /** Ends a program: TERM, and KILL after five seconds. */
  async stop(child) {
    const state = this.#running.get(child)
    if (state === undefined) return
    child.kill('SIGTERM')
    const killer = setTimeout(() => child.kill('SIGKILL'), 5000)
    await state.ended
    clearTimeout(killer)
  }

  /** Ends whatever still runs. */
  async stopAll() {
    await Promise.all([...this.#running.keys()].map(child => this.stop(child)))
  }
}

/** Memory of a process in MB: `now` (VmRSS) and `peak` (VmHWM). */
export const memory = async pid => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const megabytes = key => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)[1]) / 1024
  return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') }
}

/** Milliseconds after its last request when a server has gone quiet, and ours has given memory back. */
export const untilQuiet = 25_000

/** Processor time a process has used, in milliseconds, counted by the kernel in ticks of 10. */
export const cpuTime = async pid => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}
