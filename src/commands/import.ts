import { createReadStream } from 'node:fs'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { readPlaces } from '../config/read-settings.ts'
import { Layout } from '../disk/layout.ts'
import { lockSoon } from '../disk/lock.ts'
import { UsageError } from '../options.ts'
import { longBytes } from './banner.ts'
import { print, type Command, type Invocation } from './command.ts'

const open = async (cwd: string, file: string): Promise<AsyncIterable<Buffer>> => {
  if (file === '-') return process.stdin
  const stream = createReadStream(resolve(cwd, file), { highWaterMark: 1024 * 1024 })
  await once(stream, 'open')
  return stream
}

const importFrom = async (layout: Layout, cwd: string, file: string): Promise<void> => {
  const { finishImport, importState } = await import('../transfer/import.ts')
  if (await finishImport(layout)) {
    print('the import that was interrupted is complete now')
    return
  }
  const chunks = await open(cwd, file)
  const { files, bytes } = await importState(layout, chunks).catch((error: unknown) => {
    const { message } = error as Error
    throw new Error(`${file} was not imported: ${message}`, { cause: error })
  })
  print(`${files} files, ${longBytes(bytes)} imported to ${layout.root}`)
}

const execute = async (invocation: Invocation): Promise<number> => {
  const [file, more] = invocation.operands
  if (file === undefined || more !== undefined)
    throw new UsageError('import needs one FILE, or - for standard input')
  const { directory } = await readPlaces(invocation)
  const layout = new Layout(directory)
  const release = await lockSoon(layout.lock('import'))
  if (release === undefined) throw new Error(`something is imported into ${directory} already`)
  try {
    await importFrom(layout, invocation.cwd, file)
    return 0
  } finally {
    await release()
  }
}

/** Makes a directory from what `export` wrote. */
export const importAll: Command = {
  name: 'import',
  group: 'Cache',
  operands: 'FILE.tar',
  summary: 'what export wrote',
  details:
    'Fills an empty directory with what export wrote: the same files, users, tokens and settings. ' +
    'Everything is checked before any of it is seen, and an import that was interrupted is ended ' +
    'by giving the command again. FILE may be - for standard input. Exits with 1 when the ' +
    'directory is not empty, and when FILE is damaged, cut off or no export.',
  examples: [
    ['proxypypi -d /srv/pypi import /backup/pypi.tar', 'the backup of another machine'],
    ['proxypypi -d /tmp/try import pypi.tar', 'a second server, to try something'],
    ['ssh other proxypypi -d /srv/pypi export - | proxypypi import -', 'without a file between'],
  ],
  execute,
}
