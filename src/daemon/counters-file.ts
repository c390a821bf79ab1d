import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Counted, Counters, UpstreamHealth } from '../counters.ts'
import { orAbsent } from '../disk/error-code.ts'
import { parseObject } from '../disk/json.ts'
import { host, Layout, ownDirectory } from '../disk/layout.ts'
import { discard, replace } from '../disk/write.ts'
import type { Log } from '../log.ts'
import { isAlive } from './process.ts'

/** Milliseconds between two writes. */
const pause = 2000

const runDirectory = (directory: string): string => join(directory, ownDirectory, 'run')

/**
 * Keeps a process's counters in a file, for `status`: written at most every two seconds, and only
 * when they changed. `daemon` is the pid under which they are found again. Returns what writes the
 * last state and stops.
 */
export const keepCounters = (
  counters: Counters,
  directory: string,
  daemon: number,
  log: Log,
): (() => Promise<void>) => {
  const layout = new Layout(directory)
  const path = join(runDirectory(directory), `${host}-${process.pid}.json`)
  let timer: NodeJS.Timeout | undefined
  let writing = Promise.resolve()
  const write = (): void => {
    timer = undefined
    const text = JSON.stringify({ daemon, ...counters.snapshot() })
    writing = writing
      .then(() => replace(layout, path, `${text}\n`, { durable: false }))
      .catch((error: unknown) => log.debug('counters not written', { reason: String(error) }))
  }
  counters.onChange(() => {
    timer ??= setTimeout(write, pause).unref()
  })
  return async () => {
    clearTimeout(timer)
    counters.onChange(() => {})
    write()
    await writing
  }
}

const files = async (directory: string): Promise<{ path: string; pid: number }[]> => {
  const names = (await orAbsent(readdir(runDirectory(directory)))) ?? []
  return names.flatMap(name => {
    const pid =
      name.startsWith(`${host}-`) ? /^(\d+)\.json$/.exec(name.slice(host.length + 1)) : null
    return pid === null ? [] : [{ path: join(runDirectory(directory), name), pid: Number(pid[1]) }]
  })
}

/** Removes the counters of processes that are gone. */
export const removeOldCounters = async (directory: string): Promise<void> => {
  for (const { path, pid } of await files(directory)) if (!isAlive(pid)) await discard(path)
}

const isHealth = (value: unknown): value is UpstreamHealth => {
  if (typeof value !== 'object' || value === null) return false
  const { name, url, ok, since } = value as Record<string, unknown>
  return (
    typeof name === 'string' &&
    typeof url === 'string' &&
    typeof ok === 'boolean' &&
    typeof since === 'number'
  )
}

/** What all processes of a daemon have counted since it started; of an upstream, what was seen last. */
export const readCounters = async (directory: string, daemon: number): Promise<Counted> => {
  const sum = { requests: 0, hits: 0, misses: 0, stale: 0, bytesServed: 0, bytesFromUpstream: 0 }
  const upstreams = new Map<string, UpstreamHealth>()
  for (const { path } of await files(directory)) {
    const record = parseObject((await orAbsent(readFile(path, 'utf8'))) ?? '')
    if (record?.daemon !== daemon) continue
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += Number(record[key]) || 0
    for (const health of Array.isArray(record.upstreams) ? record.upstreams.filter(isHealth) : []) {
      const known = upstreams.get(health.name)
      if (known === undefined || known.since < health.since) upstreams.set(health.name, health)
    }
  }
  return { ...sum, upstreams: [...upstreams.values()] }
}
