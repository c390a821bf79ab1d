import { readPlaces, readSettings } from '../config/read-settings.ts'
import type { Command, Invocation } from './command.ts'
import { hasConcealed, recordedFlags } from './settings-beside.ts'
import { startWith } from './start.ts'
import { stopWith } from './stop.ts'
import type { Manner } from './stop.ts'

// All that can be wrong is found out before the running daemon is stopped.
const restartWith = async (invocation: Invocation, manner: Manner): Promise<number> => {
  const places = await readPlaces(invocation)
  const flags = new Map([...(await recordedFlags(places.pidFile)), ...invocation.flags])
  if (hasConcealed(flags)) {
    throw new Error(
      'the daemon got credentials on its command line, which are not kept; ' +
        'give --index-url again, or keep them in proxypypi.toml or netrc',
    )
  }
  const sources = { ...invocation, flags: flags.set('pid', [places.pidFile]) }
  const settings = await readSettings(sources)
  return (await stopWith(places, manner)) ? startWith(sources, settings) : 1
}

/** Stops the daemon and starts it as it was. */
export const restart: Command = {
  name: 'restart',
  group: 'Server',
  summary: 'stop, start as before',
  details:
    'Takes the options with which the daemon was started; those given now come before them. The ' +
    'settings file and the environment are read again, and nothing is stopped if they are wrong.',
  examples: [
    ['proxypypi restart', 'after a change of proxypypi.toml'],
    ['proxypypi --workers 4 restart', 'with other options than before'],
    ['proxypypi -d /srv/pypi restart', 'the daemon of another directory'],
  ],
  execute: invocation => restartWith(invocation, 'TERM'),
}

/** Kills the daemon and starts it as it was. */
export const forcerestart: Command = {
  name: 'forcerestart',
  group: 'Server',
  isVariant: true,
  summary: 'restart with KILL',
  details: 'As restart, but running transfers are broken off.',
  examples: [
    ['proxypypi forcerestart', 'when the daemon hangs'],
    ['proxypypi -d /srv/pypi forcerestart', 'the daemon of another directory'],
    ['proxypypi -p 9000 forcerestart', 'on another port'],
  ],
  execute: invocation => restartWith(invocation, 'KILL'),
}
