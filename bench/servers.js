import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fetchRaw, freePort } from './processes.js'

const program = fileURLToPath(new URL('../bin/proxypypi.js', import.meta.url))

/**
 * Starts our server as a user would, over a new directory unless one is given:
 * `{ index, pid, readyAfter, stop }`, where `stop` removes the new directory again.
 */
export const startOurs = async (bench, upstreamIndex, given) => {
  const directory = given ?? (await mkdtemp(join(bench.scratch, 'ours-')))
  const port = await freePort()
  const log = join(bench.scratch, 'ours.log')
  const settings = ['-d', directory, '-p', String(port), '-i', upstreamIndex, '-l', log]
  const child = bench.processes.start(process.execPath, [program, ...settings, 'run'])
  const origin = `http://127.0.0.1:${port}`
  const readyAfter = await bench.processes.ready(child, `${origin}/-/health`)
  const stop = async () => {
    await bench.processes.stop(child)
    await rm(log, { force: true })
    if (given === undefined) await rm(directory, { recursive: true, force: true })
  }
  const index = `${origin}/simple/`
  return { name: 'ours', directory, index, pid: child.pid, readyAfter, stop }
}

/** Where an index serves a file, read from the project's page as a client does; throws when it is not listed. */
export const locate = async (index, project, filename) => {
  const page = new URL(`${project}/`, index)
  const { status, body } = await fetchRaw(page, { accept: 'text/html' })
  for (const [, href] of body.toString().matchAll(/href="([^"]+)"/g)) {
    const url = new URL(href.replaceAll('&amp;', '&'), page)
    url.hash = ''
    if (decodeURIComponent(url.pathname).endsWith(`/${filename}`)) return url.href
  }
  throw new Error(`${page} (${status}) does not list ${filename}`)
}
