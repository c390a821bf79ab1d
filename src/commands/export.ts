import { createWriteStream } from 'node:fs'
import { lstat, realpath, rename } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import type { Writable } from 'node:stream'
import { readSettings } from '../config/read-settings.ts'
import { orAbsent } from '../disk/error-code.ts'
import { Layout } from '../disk/layout.ts'
import { discard, syncDirectory, uniqueName } from '../disk/write.ts'
import type { Log } from '../log.ts'
import { UsageError } from '../options.ts'
import type { Settings } from '../settings.ts'
import type { Exported, Sink } from '../transfer/export.ts'
import { longBytes } from './banner.ts'
import { complain, print, type Command, type Invocation } from './command.ts'
import { isSet, noDirectory } from './open-cache.ts'

// Standard output may be the archive.
const ignore = (): void => {}
const silent: Log = {
  error: ignore,
  warn: ignore,
  info: ignore,
  debug: ignore,
  access: ignore,
  flush: () => Promise.resolve(),
  reopen: ignore,
}

const sinkOf =
  (stream: Writable): Sink =>
  async bytes => {
    // A copy: the bytes are overwritten by the next ones.
    if (stream.write(Buffer.from(bytes))) return
    await Promise.race([once(stream, 'drain'), finished(stream)])
  }

const exportTo = async (
  settings: Settings,
  stream: Writable,
  withCache: boolean,
): Promise<Exported> => {
  const { Export } = await import('../transfer/export.ts')
  const { directory, settle } = settings
  return new Export(new Layout(directory), { sink: sinkOf(stream), settle, log: silent }).run(
    withCache,
  )
}

const refuseInside = async (path: string, directory: string): Promise<void> => {
  const [place, cache] = await Promise.all([realpath(dirname(path)), realpath(directory)])
  if (`${place}${sep}`.startsWith(`${cache}${sep}`))
    throw new UsageError(`${path} would lie in the cache itself; choose a file elsewhere`)
}

const exportToFile = async (
  settings: Settings,
  path: string,
  { withCache, force }: { withCache: boolean; force: boolean },
): Promise<Exported> => {
  await refuseInside(path, settings.directory)
  if (!force && (await orAbsent(lstat(path))) !== undefined)
    throw new Error(`${path} is there already; --force replaces it`)
  const aside = join(dirname(path), `.${basename(path)}.${uniqueName()}`)
  // It holds hashes of passwords.
  const stream = createWriteStream(aside, { flags: 'wx', mode: 0o600, flush: true })
  try {
    await once(stream, 'open')
    const done = await exportTo(settings, stream, withCache)
    stream.end()
    await finished(stream)
    await rename(aside, path)
    await syncDirectory(dirname(path))
    return done
  } finally {
    stream.destroy()
    await discard(aside)
  }
}

const report = ({ files, bytes, unfinished }: Exported, to: string): void => {
  for (const name of unfinished) complain(`left out, since it is still being written: ${name}`)
  print(`${files} files, ${longBytes(bytes)} exported to ${to}`)
}

const execute = async (invocation: Invocation): Promise<number> => {
  const [file, more] = invocation.operands
  if (file === undefined || more !== undefined)
    throw new UsageError('export needs one FILE, or - for standard output')
  const settings = await readSettings(invocation)
  if ((await orAbsent(lstat(settings.directory))) === undefined)
    throw noDirectory(settings.directory)
  const withCache = isSet(invocation, 'with-cache')
  if (file === '-') {
    await exportTo(settings, process.stdout, withCache)
    return 0
  }
  const path = resolve(invocation.cwd, file)
  const force = isSet(invocation, 'force')
  report(await exportToFile(settings, path, { withCache, force }), path)
  return 0
}

/** Writes everything into one file. */
export const exportAll: Command = {
  name: 'export',
  group: 'Cache',
  operands: 'FILE.tar',
  flags: ['with-cache', 'force'],
  summary: 'all of it as one tar file',
  details:
    'Writes the whole state into a tar archive: files, what is known of them, users, indexes and ' +
    'settings; hashes of passwords too, so keep it safe. Servers may go on running. Pages and ' +
    'metadata that can be fetched or made again come along with --with-cache. The same state ' +
    'always gives the same bytes. FILE may be - for standard output. Exits with 1 when FILE is ' +
    'there already, unless --force is given.',
  examples: [
    ['proxypypi -d /srv/pypi export /backup/pypi.tar', 'a backup'],
    ['proxypypi export - | ssh other proxypypi -d /srv/pypi import -', 'to another machine'],
    ['proxypypi export --with-cache pypi.tar', 'for a machine without network'],
  ],
  execute,
}
