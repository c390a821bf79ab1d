import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Settings } from '../settings.ts'
import type { Answer, Orders } from './daemon.ts'
import { localTime } from './describe.ts'
import { isAnswering } from './health.ts'
import { childProgram } from './workers.ts'

/** Milliseconds that a daemon may take to begin listening. */
const patience = 30_000

/** A daemon that answers. */
export interface Started {
  readonly pid: number
  readonly url: string
}

const answerTo = (
  orders: Orders,
  child: ChildProcess,
  outFile: string,
): Promise<Exclude<Answer, string>> =>
  new Promise((resolve, reject) => {
    child.on('message', (answer: Answer) => {
      if (answer === 'awaiting orders') child.send(orders, () => {})
      else resolve(answer)
    })
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      resolve({ failed: `the daemon ended with ${signal ?? code}; see ${outFile}` })
    })
    setTimeout(() => {
      resolve({ failed: `the daemon did not answer within ${patience / 1000} s; see ${outFile}` })
    }, patience).unref()
  })

const spawnDaemon = async (outFile: string): Promise<ChildProcess> => {
  await mkdir(dirname(outFile), { recursive: true })
  const out = await open(outFile, 'a', 0o644)
  try {
    await out.write(`proxypypi started at ${localTime(new Date().toISOString())}\n`)
    return spawn(process.execPath, [...process.execArgv, childProgram], {
      detached: true,
      stdio: ['ignore', out.fd, out.fd, 'ipc'],
    })
  } finally {
    await out.close()
  }
}

/** Starts a daemon in a session of its own and returns when it answers requests. Throws the reason when it does not; then none is left behind. */
export const startDaemon = async (
  settings: Settings,
  argv: readonly string[],
  version: string,
): Promise<Started> => {
  await mkdir(dirname(settings.logFile), { recursive: true })
  const child = await spawnDaemon(settings.outFile)
  const orders: Orders = { settings: JSON.stringify(settings), argv, version }
  const answer = await answerTo(orders, child, settings.outFile)
  const { pid } = child
  if ('failed' in answer || pid === undefined) {
    child.kill('SIGTERM')
    child.unref()
    if (child.connected) child.disconnect()
    throw new Error('failed' in answer ? answer.failed : 'the daemon has no pid')
  }
  child.unref()
  if (child.connected) child.disconnect()
  if (!(await isAnswering(answer.url, patience))) {
    child.kill('SIGTERM')
    throw new Error(`the daemon listens at ${answer.url} but does not answer`)
  }
  return { pid, url: answer.url }
}
