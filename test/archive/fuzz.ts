import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { ArchiveError } from '../../src/archive/archive-error.ts'
import { isComplete } from '../../src/archive/complete.ts'
import { inspect } from '../../src/archive/inspect.ts'
import { sdistMetadata } from '../../src/archive/sdist.ts'
import { withFile } from '../../src/archive/source.ts'
import { wheelMetadata } from '../../src/archive/wheel.ts'
import { distFilename, type Filename } from '../../src/spec/filename.ts'
import { makeSdist, makeTar, makeWheel, makeZip } from '../fixtures/dist.ts'
import { craftZip, dice, mutated, paxData, withChecksums } from '../fixtures/hostile.ts'

const directory = t.testdir()
const rounds = 150

const metadata = 'Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n'
const wheelMembers = ['METADATA', 'WHEEL', 'RECORD'].map(name => ({
  name: `foo-1.0.dist-info/${name}`,
  data: metadata,
}))
const tarMembers = [
  { name: 'foo-1.0/', type: '5' },
  { name: 'x', type: 'x', data: paxData({ path: `foo-1.0/${'x'.repeat(150)}`, mtime: '1.5' }) },
  { name: 'x', data: 'x' },
  { name: '././@LongLink', type: 'L', data: `foo-1.0/${'y'.repeat(150)}\0` },
  { name: 'y', data: 'y' },
  { name: 'foo-1.0/link', type: '2', link: 'PKG-INFO' },
  { name: 'foo-1.0/PKG-INFO', data: metadata },
]

/** One of each shape; tar archives are mutated before and after they are packed. */
const seeds: { filename: string; bytes: Buffer; pack?: (bytes: Buffer) => Buffer }[] = [
  makeWheel({ name: 'foo', version: '1.0', size: 3000 }),
  { filename: 'foo-1.0-py3-none-any.whl', bytes: makeZip(wheelMembers, { zip64: true }) },
  { filename: 'foo-1.0-py2.7.egg', bytes: craftZip([{ name: 'EGG-INFO/PKG-INFO', data: 'x' }]) },
  makeSdist({ name: 'foo', version: '1.0', format: 'zip' }),
  makeSdist({ name: 'foo', version: '1.0' }),
  {
    filename: 'foo-1.0.tar.gz',
    bytes: makeTar(tarMembers),
    pack: bytes => gzipSync(withChecksums(bytes)),
  },
  { filename: 'foo-1.0.tar', bytes: makeTar(tarMembers), pack: withChecksums },
]

/** True when there was a result, false for an ArchiveError; whatever else is thrown comes through. */
const isAccepted = async (work: Promise<unknown>): Promise<boolean> => {
  try {
    await work
    return true
  } catch (error) {
    if (!(error instanceof ArchiveError) || !/^[\x20-\x7e]{1,300}$/.test(error.message)) throw error
    return false
  }
}

t.test('whatever is made of an archive, readers give a result or an ArchiveError', async t => {
  for (const [seed, { filename, bytes, pack = (bytes: Buffer) => bytes }] of seeds.entries()) {
    const random = dice(seed + 1)
    const path = join(directory, filename)
    const name = distFilename(filename) as Filename
    const seen = { accepted: 0, refused: 0 }
    for (let round = 0; round < rounds; round++) {
      const hostile = pack(mutated(bytes, random))
      await writeFile(path, hostile)
      const accepted = await isAccepted(inspect(path, name, hostile.length))
      seen[accepted ? 'accepted' : 'refused']++
      await isAccepted(sdistMetadata(path))
      if (filename.endsWith('.whl'))
        await isAccepted(withFile(path, source => wheelMetadata(source, filename)))
      const complete = await isComplete(path, filename)
      if (accepted && !complete) t.fail(`${filename}, round ${round}: accepted, but not complete`)
    }
    t.ok(seen.refused > rounds / 4, `${filename}: ${seen.refused} of ${rounds} were refused`)
  }
})

t.test('METADATA never comes from another member than everybody would read', async t => {
  const random = dice(99)
  const filename = 'foo-1.0-py3-none-any.whl'
  const path = join(directory, filename)
  const bytes = craftZip(wheelMembers.map(member => ({ ...member, stored: true })))
  for (let round = 0; round < rounds; round++) {
    const hostile = mutated(bytes, random)
    await writeFile(path, hostile)
    const look = inspect(path, distFilename(filename) as Filename, hostile.length)
    if (!(await isAccepted(look))) continue
    const { metadata: found } = await look
    const other = await withFile(path, source => wheelMetadata(source, filename))
    if (other === undefined || found?.equals(other) !== true)
      t.fail(`round ${round}: two readers found different bytes`)
  }
  t.pass()
})
