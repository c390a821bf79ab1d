import type { Daemon, Found } from './pid-file.ts'

const two = (number: number): string => String(number).padStart(2, '0')

/** A moment as people read it, in local time: `2026-11-21 14:02:11`. */
export const localTime = (iso: string): string => {
  const date = new Date(iso)
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** `pid 12, since 2026-11-21 14:02:11, http://127.0.0.1:8000/`. */
export const describeDaemon = ({ pid, started, url }: Daemon): string =>
  `pid ${pid}, since ${localTime(started)}${url === undefined ? '' : `, ${url}`}`

/** Why a daemon cannot start while this stands in its PID file. */
export const describeObstacle = (found: Found): string => {
  if (found.state === 'running') return `already running: ${describeDaemon(found.daemon)}`
  return found.state === 'unknown' ? found.reason : 'the PID file is busy'
}
