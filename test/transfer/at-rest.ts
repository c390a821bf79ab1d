import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { Layout } from '../../src/disk/layout.ts'
import { ownerName } from '../../src/disk/owner.ts'
import { pushRecordText, type PushRecord } from '../../src/index/push-record.ts'
import { runningPushes } from '../../src/index/push-recovery.ts'
import { distFilename, type Filename } from '../../src/spec/filename.ts'
import { rootIndex } from '../../src/spec/index-name.ts'
import { projectName, type Name } from '../../src/spec/project-name.ts'
import { pushMark } from '../../src/spec/push-mark.ts'
import { listedAtRest } from '../../src/transfer/at-rest.ts'
import { indexOf } from '../fixtures/named-indexes.ts'
import { MemoryLog } from '../fixtures/serve.ts'
import { exported, fill } from './fixtures/state.ts'

const acme = projectName('acme') ?? ('' as Name)
const id = '0123456789abcdef'

const begin = async (t: { teardown(end: () => unknown): void }, directory: string) => {
  const layout = new Layout(directory).of(indexOf('alice/prod'))
  const owner = await ownerName()
  const marks = (['pending', 'done'] as const).map(state =>
    layout.push(acme, pushMark({ id, state, owner })),
  )
  const [pending = '', done = ''] = marks
  const filename = distFilename('acme-1.0.tar.gz') ?? ('' as Filename)
  const record: PushRecord = {
    version: '1.0',
    source: rootIndex,
    by: undefined,
    withDocs: false,
    files: [{ filename, sha256: '0'.repeat(64), inode: 1n, replaces: false }],
    tombstones: [],
  }
  runningPushes.add(id)
  t.teardown(() => runningPushes.delete(id))
  await mkdir(layout.push(acme), { recursive: true })
  await writeFile(pending, pushRecordText(record))
  return { pending, done, home: layout.project(acme) }
}

t.test('of a push under way all files are exported', async t => {
  const directory = t.testdir()
  fill(directory, { '@alice/prod/acme/acme-1.0.tar.gz': 'first' })
  const { pending, done, home } = await begin(t, directory)
  let isThrough = false
  const exporting = exported(directory).finally(() => (isThrough = true))
  for (let turns = 0; turns < 50; turns += 1) await turn()
  t.notOk(isThrough, 'it waits')
  await rename(pending, done)
  await writeFile(join(home, 'acme-1.0-py3-none-any.whl'), 'second')
  for (let turns = 0; turns < 50; turns += 1) await turn()
  t.notOk(isThrough, 'also for what belongs to the release besides')
  await rm(done)
  const { archive, files } = await exporting
  t.equal(files, 2)
  t.match(archive.toString('latin1'), /acme-1\.0-py3-none-any\.whl/)
  t.notMatch(archive.toString('latin1'), /keep\/pushes/, 'its marks mean nothing elsewhere')
})

t.test('a push that begins while a directory is listed has it listed again', async t => {
  const directory = t.testdir()
  fill(directory, { '@alice/prod/acme/acme-1.0.tar.gz': 'first' })
  const layout = new Layout(directory)
  let lists = 0
  const list = async () => {
    lists += 1
    if (lists > 1) return lists
    const { pending } = await begin(t, directory)
    await rm(pending)
    return lists
  }
  const home = layout.of(indexOf('alice/prod')).project(acme)
  t.ok((await listedAtRest(layout, home, list, new MemoryLog())) > 1)
})

t.test('other directories are listed at once', async t => {
  const layout = new Layout(t.testdir())
  for (const path of ['', 'acme', '@alice', '@alice/prod', '@alice/prod/acme/deep', '@~/x/acme']) {
    const list = () => stat(layout.root)
    t.ok(await listedAtRest(layout, join(layout.root, path), list, new MemoryLog()), path)
  }
})
