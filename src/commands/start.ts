import type { Sources } from '../config/lookup.ts'
import { canonicalArguments, readPlaces, readSettings } from '../config/read-settings.ts'
import { describeDaemon, describeObstacle } from '../daemon/describe.ts'
import { startDaemon } from '../daemon/detach.ts'
import { prepareDirectory } from '../daemon/directory.ts'
import { readPidFile } from '../daemon/pid-file.ts'
import type { Settings } from '../settings.ts'
import { version } from '../version.ts'
import { banner } from './banner.ts'
import { complain, print } from './command.ts'
import type { Command } from './command.ts'
import { warnOfOpenRoot } from './open-root.ts'

/** Starts a daemon and says where it is. Returns the exit code; throws the reason when it cannot. */
export const startWith = async (sources: Sources, settings: Settings): Promise<number> => {
  const found = await readPidFile(settings.pidFile)
  if (found.state === 'running' || found.state === 'unknown') {
    complain(describeObstacle(found))
    return 1
  }
  await prepareDirectory(settings)
  const argv = canonicalArguments(sources, settings)
  const { pid, url } = await startDaemon(settings, argv, version)
  print(`${banner(settings, url, undefined)}\nstarted, pid ${pid}, log ${settings.logFile}`)
  await warnOfOpenRoot(settings)
  return 0
}

/** Starts the daemon. */
export const start: Command = {
  name: 'start',
  group: 'Server',
  summary: 'serve in the background',
  details:
    'Returns 0 only when the port answers, else 1 with the reason. When it is running already, ' +
    'says so with pid and time, and exits with 1. Workers that die are replaced.',
  examples: [
    [
      'proxypypi -d /srv/pypi start',
      'PID file, log and console file under /srv/pypi/.proxypypi/run/',
    ],
    ['proxypypi -P pypi.pid -l pypi.log -o pypi.out start', 'the same in files of your choice'],
    ['proxypypi --workers 4 start', 'four processes share the port'],
  ],
  execute: async invocation => startWith(invocation, await readSettings(invocation)),
}

/** Starts the daemon unless it runs. */
export const condstart: Command = {
  name: 'condstart',
  group: 'Server',
  isVariant: true,
  summary: 'start unless running',
  details: 'As start, but a running daemon is no error: exit 0.',
  examples: [
    ['proxypypi -d /srv/pypi condstart', 'make sure that it runs'],
    ['*/5 * * * *  proxypypi -d /srv/pypi condstart', 'the same from cron'],
    [
      'proxypypi -d /srv/pypi condstart && pip install -i http://127.0.0.1:8000/simple/ six',
      'then use it',
    ],
  ],
  async execute(invocation) {
    const { pidFile } = await readPlaces(invocation)
    const found = await readPidFile(pidFile)
    if (found.state !== 'running') return startWith(invocation, await readSettings(invocation))
    print(`running: ${describeDaemon(found.daemon)}`)
    return 0
  },
}
