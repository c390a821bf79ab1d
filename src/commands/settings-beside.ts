import { parseArguments, type Flags } from '../config/arguments.ts'
import { concealed } from '../config/index-url.ts'
import type { Sources } from '../config/lookup.ts'
import { readPlaces, readSettings } from '../config/read-settings.ts'
import { readPidFile } from '../daemon/pid-file.ts'
import type { Settings } from '../settings.ts'

/** The options with which the daemon of a PID file was started; none when that cannot be told. */
export const recordedFlags = async (pidFile: string): Promise<Flags> => {
  const found = await readPidFile(pidFile)
  if (found.state !== 'running' && found.state !== 'stale') return new Map()
  return (await parseArguments(found.daemon?.argv ?? [])).flags
}

/** True when credentials of an upstream were on the command line, which are kept nowhere. */
export const hasConcealed = (flags: Flags): boolean =>
  flags.get('index-url')?.some(url => url.includes(concealed)) === true

/**
 * The settings for work beside the daemon of the directory: those with which it was started, so that
 * what is private to it stays so, and its upstreams are asked. What is given now comes before them.
 * @throws {UsageError} as `readSettings`
 */
export const settingsBeside = async (sources: Sources): Promise<Settings> => {
  const { directory, pidFile } = await readPlaces(sources)
  const recorded = new Map(await recordedFlags(pidFile))
  recorded.set('cache', [directory])
  const urls = recorded.get('index-url')
  if (urls !== undefined)
    recorded.set(
      'index-url',
      urls.map(url => url.replace(`${concealed}@`, '')),
    )
  return readSettings({ ...sources, flags: new Map([...recorded, ...sources.flags]) })
}
