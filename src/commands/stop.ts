import { readPlaces } from '../config/read-settings.ts'
import type { Places } from '../config/read-settings.ts'
import { daemonEnded, readPidFile, removeStale, signalDaemon } from '../daemon/pid-file.ts'
import type { Daemon } from '../daemon/pid-file.ts'
import { hasCode } from '../disk/error-code.ts'
import { complain, print } from './command.ts'
import type { Command } from './command.ts'

/** Milliseconds that a daemon gets on top of the grace, and after KILL. */
const margin = 3000

/** How politely a daemon is told to end. */
export type Manner = 'TERM' | 'KILL'

const cleanUp = async (pidFile: string): Promise<void> => {
  const found = await readPidFile(pidFile)
  if (found.state === 'stale') await removeStale(pidFile, found.text)
}

const endDaemon = async (daemon: Daemon, grace: number, manner: Manner): Promise<boolean> => {
  if (manner === 'TERM') {
    await signalDaemon(daemon, 'SIGTERM')
    if (await daemonEnded(daemon, grace * 1000 + margin)) return true
    print(`pid ${daemon.pid} did not end within ${grace} s and is killed`)
  }
  await signalDaemon(daemon, 'SIGKILL')
  return daemonEnded(daemon, margin)
}

/** Ends the daemon if it runs, and says what happened. Returns whether none runs now. */
export const stopWith = async ({ pidFile, grace }: Places, manner: Manner): Promise<boolean> => {
  const found = await readPidFile(pidFile)
  if (found.state === 'unknown') {
    complain(found.reason)
    return false
  }
  if (found.state !== 'running') {
    await cleanUp(pidFile)
    const why = found.state === 'stale' ? 'it had ended without a word' : `no PID file ${pidFile}`
    print(`not running: ${why}`)
    return true
  }
  const { daemon } = found
  try {
    if (!(await endDaemon(daemon, grace, manner))) {
      complain(`pid ${daemon.pid} could not be stopped`)
      return false
    }
  } catch (error) {
    if (!hasCode(error, 'EPERM')) throw error
    complain(`pid ${daemon.pid} belongs to another user and cannot be stopped`)
    return false
  }
  await cleanUp(pidFile)
  print(`stopped, pid ${daemon.pid}`)
  return true
}

/** Stops the daemon. */
export const stop: Command = {
  name: 'stop',
  group: 'Server',
  summary: 'end the daemon',
  details:
    'Sends TERM, waits for running transfers for up to --grace seconds, then sends KILL. When ' +
    'nothing runs, says so and exits with 0; exits with 1 when the daemon could not be stopped.',
  examples: [
    ['proxypypi stop', 'the daemon of the current directory'],
    ['proxypypi -d /srv/pypi --grace 300 stop', 'give downloads five minutes'],
    ['proxypypi -P /run/pypi.pid stop', 'the daemon of this PID file'],
  ],
  execute: async invocation => ((await stopWith(await readPlaces(invocation), 'TERM')) ? 0 : 1),
}

/** Stops the daemon and does not mind if that fails. */
export const maybestop: Command = {
  name: 'maybestop',
  group: 'Server',
  isVariant: true,
  summary: 'stop, whatever its state',
  details: 'As stop, but always exits with 0.',
  examples: [
    ['proxypypi maybestop', 'in a script that goes on in any case'],
    ['proxypypi -d /srv/pypi maybestop', 'the daemon of another directory'],
    ['proxypypi --grace 0 maybestop', 'without waiting for transfers'],
  ],
  async execute(invocation) {
    await stopWith(await readPlaces(invocation), 'TERM')
    return 0
  },
}
