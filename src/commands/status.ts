import { readPlaces } from '../config/read-settings.ts'
import type { Places } from '../config/read-settings.ts'
import type { Counted } from '../counters.ts'
import { readCounters } from '../daemon/counters-file.ts'
import { describeDaemon, localTime } from '../daemon/describe.ts'
import { isAnswering } from '../daemon/health.ts'
import { readPidFile, removeStale } from '../daemon/pid-file.ts'
import type { Daemon } from '../daemon/pid-file.ts'
import { measureUsage } from '../daemon/usage.ts'
import type { Usage } from '../daemon/usage.ts'
import { describeUsage, longBytes } from './banner.ts'
import { print } from './command.ts'
import type { Command } from './command.ts'

/** Milliseconds for an answer of the daemon, and for counting its files. */
const patience = { answer: 2000, counting: 10_000 }

interface Report {
  readonly daemon: Daemon
  readonly isAnswering: boolean
  readonly uptime: number
  readonly counted: Counted
  readonly hitRate: number | undefined
  readonly bytesSaved: number
  readonly usage: Usage
}

const inspect = async (daemon: Daemon, directory: string): Promise<Report> => {
  const [answers, counted, usage] = await Promise.all([
    daemon.url === undefined ? false : isAnswering(daemon.url, patience.answer),
    readCounters(directory, daemon.pid),
    measureUsage(directory, patience.counting),
  ])
  const fromCache = counted.hits + counted.stale
  const asked = fromCache + counted.misses
  return {
    daemon,
    isAnswering: answers,
    uptime: Math.max(0, Math.round((Date.now() - Date.parse(daemon.started)) / 1000)),
    counted,
    hitRate: asked === 0 ? undefined : fromCache / asked,
    bytesSaved: Math.max(0, counted.bytesServed - counted.bytesFromUpstream),
    usage,
  }
}

const duration = (seconds: number): string => {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([amount]) => amount > 0)
  const shown = first < 0 ? parts.slice(3) : parts.slice(first, first + 2)
  return shown.map(([amount, unit]) => `${amount} ${unit}`).join(' ')
}

const asText = (report: Report, directory: string): string => {
  const { daemon, counted, hitRate, usage } = report
  const rate = hitRate === undefined ? '' : `, ${Math.round(hitRate * 100)} % hits`
  const upstreams = counted.upstreams.map(({ name, url, ok, since, lastError }) => {
    const state = `${ok ? 'ok' : 'failing'} since ${localTime(new Date(since).toISOString())}`
    return `upstream  ${name}  ${url}  ${state}${ok ? '' : `: ${lastError ?? ''}`}`
  })
  return [
    `running: ${describeDaemon(daemon)}${report.isAnswering ? '' : ' (does not answer)'}`,
    `version   ${daemon.version}, up ${duration(report.uptime)}`,
    `requests  ${counted.requests}${rate}, ${counted.misses} misses, ${counted.stale} stale`,
    `served    ${longBytes(counted.bytesServed)}, ${longBytes(report.bytesSaved)} of it saved`,
    ...(upstreams.length > 0 ? upstreams : ['upstream  none was asked yet']),
    `cache     ${directory} (${describeUsage(usage)})`,
  ].join('\n')
}

const asJson = (report: Report, directory: string): string => {
  const { daemon, counted, usage, ...rest } = report
  const { pid, started, url, version, argv } = daemon
  const own = { state: 'running', pid, started, url, version, argv, cache: directory }
  return JSON.stringify({ ...own, ...rest, ...counted, usage }, undefined, 2)
}

const look = async ({ directory, pidFile }: Places, isJson: boolean): Promise<number> => {
  const found = await readPidFile(pidFile)
  if (found.state === 'running') {
    const report = await inspect(found.daemon, directory)
    print(isJson ? asJson(report, directory) : asText(report, directory))
    return 0
  }
  const say = (reason: string, code: number): number => {
    const { state } = found
    print(isJson ? JSON.stringify({ state, reason }, undefined, 2) : reason)
    return code
  }
  if (found.state === 'none') return say(`not running: no PID file ${pidFile}`, 3)
  if (found.state === 'unknown') return say(`cannot tell: ${found.reason}`, 4)
  await removeStale(pidFile, found.text)
  const whose = found.daemon === undefined ? '' : ` of pid ${found.daemon.pid}`
  return say(`not running: it ended without a word; removed the stale PID file${whose}`, 1)
}

/** Tells how the daemon is. */
export const status: Command = {
  name: 'status',
  group: 'Server',
  flags: ['json'],
  summary: 'how the daemon is',
  details:
    'Prints pid, uptime, URL, version, hit rate, bytes saved, the health of upstreams and disk ' +
    'use. Exits with 0 when running, 3 when not, 1 after removing a stale PID file, 4 when it ' +
    'cannot be told.',
  examples: [
    ['proxypypi status', 'the daemon of the current directory'],
    ['proxypypi -d /srv/pypi --json status', 'for programs'],
    ['proxypypi -P /run/pypi.pid status', 'the daemon of this PID file'],
  ],
  async execute(invocation) {
    const isJson = invocation.flags.get('json')?.at(-1) === 'true'
    return look(await readPlaces(invocation), isJson)
  },
}
