import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { Layout } from '../../src/disk/layout.ts'
import { Journal, type JournalOptions, type Recorded } from '../../src/journal/journal.ts'
import { readJournal, type Filter } from '../../src/journal/read.ts'
import { MemoryLog } from '../fixtures/serve.ts'
import { gate } from '../fixtures/upstream.ts'
import { nameOf } from '../fixtures/index-contract.ts'

const noon = Date.UTC(2026, 10, 21, 12)
const day = 86_400_000

const setUp = (t: Test, options: JournalOptions = {}) => {
  const layout = new Layout(t.testdir())
  const log = new MemoryLog()
  const journal = new Journal(layout, log, { now: () => noon, ...options })
  t.teardown(() => journal.close())
  return { layout, log, journal }
}

const all = async (layout: Layout, filter?: Filter): Promise<Recorded[]> => {
  const entries: Recorded[] = []
  for await (const entry of readJournal(layout, filter)) entries.push(entry)
  return entries
}

const line = (count: number, project: string): string =>
  `{"time":"2026-11-21T12:00:00.${String(count % 1000).padStart(3, '0')}Z","event":"download","project":"${project}","agent":"${'a'.repeat(300)}"}\n`

t.test('a change is on disk when it is recorded, for its owner only (fault P29)', async t => {
  const { layout, journal } = setUp(t)
  await journal.record({ event: 'upload', user: 'ci', project: 'acme-util', file: 'a-1.tar.gz' })
  const path = layout.journalDay('2026-11-21')
  t.match(await readFile(path, 'utf8'), /^\{"time":"2026-11-21T12:00:00\.000Z",.*"ci".*\}\n$/)
  t.equal((await stat(path)).mode & 0o777, 0o600)
  t.match(await all(layout), [{ event: 'upload', user: 'ci' }])
})

t.test('several changes are recorded together, in their order', async t => {
  const { layout, journal } = setUp(t)
  await journal.record()
  t.same(await all(layout), [])
  await journal.record({ event: 'push', file: 'a-1.tar.gz' }, { event: 'push', file: 'a-2.tar.gz' })
  t.match(await all(layout), [{ file: 'a-1.tar.gz' }, { file: 'a-2.tar.gz' }])
})

t.test('downloads are written in a moment, in order, and at the end', async t => {
  const { layout, journal } = setUp(t)
  for (let count = 0; count < 2000; count++)
    journal.note({ event: 'download', file: `f-${count}.tar.gz`, agent: 'x'.repeat(300) })
  await journal.close()
  const entries = await all(layout)
  t.same(
    entries.map(({ file }) => file),
    Array.from({ length: 2000 }, (_, count) => `f-${count}.tar.gz`),
  )
  journal.note({ event: 'download', file: 'late-1.tar.gz' })
  await journal.close()
  t.equal((await all(layout)).length, 2000, 'and nothing after the end')
})

t.test('the end waits for a download of which not all is known yet', async t => {
  const { layout, journal, log } = setUp(t)
  const known = gate()
  const soon = known.then(() => ({ event: 'download' }))
  journal.noteSoon(soon, { agent: 'pip/24.0' })
  journal.noteSoon(Promise.reject(new Error('nobody knows')), {})
  const closed = journal.close()
  known.open()
  await closed
  t.match(await all(layout), [{ event: 'download', agent: 'pip/24.0' }])
  t.match(log.told, [{ level: 'warn', fields: { count: 1, reason: 'nobody knows' } }])
})

t.test('several writers of one file: whole lines, none lost', async t => {
  const { layout, journal } = setUp(t)
  const others = [1, 2, 3].map(() => new Journal(layout, new MemoryLog(), { now: () => noon }))
  const writers = [journal, ...others]
  await Promise.all(
    writers.map(async (writer, place) => {
      for (let count = 0; count < 50; count++) {
        writer.note({ event: 'download', version: `${place}.${count}`, agent: 'y'.repeat(400) })
        if (count % 10 === 0) await writer.record({ event: 'yank', version: `${place}.${count}` })
      }
      await writer.close()
    }),
  )
  const text = await readFile(layout.journalDay('2026-11-21'), 'utf8')
  // An empty one stands where a writer met another's line before the end of it could be seen.
  const entries = text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Recorded)
  t.equal(entries.length, 4 * 55)
  t.equal(new Set(entries.map(({ event, version }) => `${event} ${version}`)).size, 4 * 55)
})

t.test('a torn line, as SIGKILL leaves it, spoils only itself', async t => {
  const { layout, journal } = setUp(t)
  await journal.record({ event: 'upload', project: 'one' })
  const path = layout.journalDay('2026-11-21')
  const whole = await readFile(path, 'utf8')
  await writeFile(path, whole + whole.slice(0, 40))
  t.match(await all(layout), [{ project: 'one' }])
  await journal.record({ event: 'upload', project: 'two' })
  t.match(
    (await all(layout)).map(({ project }) => project),
    ['one', 'two'],
  )
})

t.test('what cannot be written: a change fails, downloads are lost with one warning', async t => {
  const { layout, journal, log } = setUp(t)
  await mkdir(layout.journalDay('2026-11-21'), { recursive: true })
  await t.rejects(journal.record({ event: 'upload' }), { code: 'EISDIR' })
  journal.note({ event: 'download' })
  journal.note({ event: 'download' })
  await journal.close()
  t.match(log.told, [{ level: 'warn', fields: { count: 2, reason: /EISDIR/ } }])
  journal.note({ event: 'download' })
  t.equal(log.told.length, 1, 'the second comes a minute later')
})

t.test('a disk that is too slow loses lines, not memory', async t => {
  const { layout, journal, log } = setUp(t)
  const agent = 'z'.repeat(500)
  for (let count = 0; count < 40_000; count++) journal.note({ event: 'download', agent })
  await journal.close()
  t.match(log.told, [{ level: 'warn', fields: { reason: 'the disk is too slow' } }])
  const kept = (await all(layout)).length
  t.ok(kept > 5000 && kept < 20_000, `${kept} kept`)
})

t.test('old days are removed, others and foreign files stay (need 42: retention)', async t => {
  const { layout, journal } = setUp(t, { keep: 2 * 86_400 })
  await mkdir(layout.journal, { recursive: true })
  const names = ['2026-11-18.jsonl', '2026-11-19.jsonl', '2026-11-21.jsonl', 'notes.txt', '1.jsonl']
  for (const name of names) await writeFile(`${layout.journal}/${name}`, '')
  await journal.tidy()
  t.same((await readdir(layout.journal)).toSorted(), [
    '1.jsonl',
    '2026-11-19.jsonl',
    '2026-11-21.jsonl',
    'notes.txt',
  ])
  await new Journal(layout, new MemoryLog(), { keep: 0, now: () => noon + 9999 * day }).tidy()
  t.equal((await readdir(layout.journal)).length, 4, '0 keeps for ever')
  const eternal = new Journal(layout, new MemoryLog(), { keep: 1e15 })
  t.teardown(() => eternal.close())
  await eternal.tidy()
  t.equal((await readdir(layout.journal)).length, 4)
})

t.test('nothing is there yet: nothing to remove, nothing to read', async t => {
  const { layout, journal } = setUp(t, { keep: 60 })
  await journal.tidy()
  t.same(await all(layout), [])
})

t.test('reading: by project, by version in any spelling, over days, in order', async t => {
  const { layout } = setUp(t)
  const at = async (time: number, project: string, version: string) => {
    const journal = new Journal(layout, new MemoryLog(), { now: () => time })
    await journal.record({ event: 'download', project, version })
  }
  await at(noon + day, 'leaf-lib', '2.0')
  await at(noon + 5, 'leaf-lib', '1.0')
  await at(noon, 'leaf-lib', '1.0.0')
  await at(noon, 'leaf-lib-extra', '1.0')
  await at(noon - day, 'leaf-lib', '1.1')
  const project = nameOf('leaf-lib')
  t.same(
    (await all(layout, { project })).map(({ version }) => version),
    ['1.1', '1.0.0', '1.0', '2.0'],
  )
  t.same(
    (await all(layout, { project, version: 'v1' })).map(({ version }) => version),
    ['1.0.0', '1.0'],
  )
  t.equal((await all(layout)).length, 5)
})

t.test('reading: long files, long lines, rubbish', async t => {
  const { layout } = setUp(t)
  await mkdir(layout.journal, { recursive: true })
  let text = ''
  for (let count = 0; count < 6000; count++)
    text += line(count, count % 2 === 0 ? 'leaf-lib' : 'other')
  text += `${'{"project":"leaf-lib",'.repeat(60_000)}\n${line(1, 'leaf-lib')}\n\n"project":"leaf-lib"\n`
  await writeFile(layout.journalDay('2026-11-21'), text)
  t.equal((await all(layout, { project: nameOf('leaf-lib') })).length, 3001)
  await chmod(layout.journalDay('2026-11-21'), 0o600)
})
