import { mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { freePort, run } from './processes.js'
import { startOurs } from './servers.js'

/** Sends JSON as devpi's clients do; the answer's JSON; throws on every other status than 200 and 201. */
const call = async (origin, method, path, body, auth) => {
  const headers = { accept: 'application/json', 'content-type': 'application/json' }
  if (auth !== undefined) headers['x-devpi-auth'] = Buffer.from(auth).toString('base64')
  const asking = { method, headers, body: JSON.stringify(body) }
  const response = await fetch(new URL(path, origin), asking)
  const text = await response.text()
  if (response.status > 201) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return JSON.parse(text)
}

const login = async (origin, user, password) => {
  const { result } = await call(origin, 'POST', '/+login', { user, password })
  return `${user}:${result.password}`
}

/** A server with devpi's interface on `origin`, and what is asked of it as the user bench. */
class DevpiServer {
  #auth

  constructor(name, origin, pid, stop) {
    Object.assign(this, { name, origin, pid, stop })
  }

  /** Makes the user and its indexes; `settings` are those of each index. */
  async setUp(indexes) {
    await call(this.origin, 'PUT', '/bench', { password: 'bench' })
    this.#auth = await login(this.origin, 'bench', 'bench')
    for (const [index, settings] of Object.entries(indexes))
      await this.ask('PUT', `/bench/${index}`, settings)
  }

  /** One request with JSON. */
  ask(method, path, body) {
    return call(this.origin, method, path, body, this.#auth)
  }

  /** Where uploads to an index go, with what lets them in. */
  uploadUrl(index) {
    const url = new URL(`/bench/${index}/`, this.origin)
    const [user, ...token] = this.#auth.split(':')
    Object.assign(url, { username: user, password: encodeURIComponent(token.join(':')) })
    return url.href
  }
}

const startReal = async (bench, command, upstreamIndex) => {
  const directory = await mkdtemp(join(bench.scratch, 'devpi-'))
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  await run(join(dirname(command), 'devpi-init'), ['--serverdir', directory])
  const args = ['--serverdir', directory, '--host', '127.0.0.1', '--port', String(port)]
  const child = bench.processes.start(command, args)
  // It derives its key for half a minute where little else runs.
  await bench.processes.ready(child, `${origin}/+api`, 300_000)
  const mirror = [`mirror_url=${upstreamIndex}`]
  await call(origin, 'PATCH', '/root/pypi', mirror, await login(origin, 'root', ''))
  const stop = async () => {
    await bench.processes.stop(child)
    await rm(directory, { recursive: true, force: true })
  }
  return new DevpiServer('devpi-server', origin, child.pid, stop)
}

/**
 * Ours, and a real devpi-server if the variable DEVPI_SERVER names its program, with devpi-init beside it.
 * Both have the upstream as root/pypi, and are new.
 */
export const startDevpis = async (bench, upstreamIndex) => {
  const servers = []
  if (bench.options.ours) {
    const { index, pid, stop } = await startOurs(bench, upstreamIndex)
    servers.push(new DevpiServer('ours', new URL(index).origin, pid, stop))
  }
  const command = process.env.DEVPI_SERVER
  if (command !== undefined) servers.push(await startReal(bench, command, upstreamIndex))
  else process.stderr.write('devpi-server is left out: DEVPI_SERVER does not name its program\n')
  return servers
}
