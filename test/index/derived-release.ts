import t from 'tap'
import { derivedRelease } from '../../src/index/derived-release.ts'
import type { Index } from '../../src/index/index.ts'
import { MemoryFile } from '../../src/disk/memory-file.ts'
import type { File } from '../../src/spec/page.ts'
import { filenameOf, nameOf } from '../fixtures/index-contract.ts'

const hello = nameOf('hello')
const wheel = (sha256: string): File => ({
  filename: filenameOf('hello-1.0-py3-none-any.whl'),
  url: 'x',
  hashes: { sha256 },
  'core-metadata': { sha256: 'b' },
})

/** An index of one wheel with this metadata, and how often it was asked for it. */
const indexWith = (name: string, metadata: string | undefined) => {
  const asked = { count: 0 }
  const index = {
    name,
    metadata: async () => {
      asked.count += 1
      if (metadata === undefined) return undefined
      return { resource: new MemoryFile(Buffer.from(metadata), '"x"', new Date()), source: 'hit' }
    },
  } as unknown as Index
  return { index, asked }
}

t.test('the files of a release tell what nobody registered, and are read once', async t => {
  const { index, asked } = indexWith('a/one', 'Metadata-Version: 2.1\nName: Hello\nSummary: s\n')
  const told = await derivedRelease(index, hello, '1.0', [wheel('1')])
  t.match(told, { name: 'Hello', version: '1.0', summary: 's', classifiers: [] })
  t.equal(await derivedRelease(index, hello, '1.0', [wheel('1')]), told)
  t.equal(asked.count, 1)
  await derivedRelease(index, hello, '1.0', [wheel('2')])
  t.equal(asked.count, 2, 'other bytes are read')
  await derivedRelease(index, hello, '1.0.0', [wheel('1')])
  t.equal(asked.count, 3, 'another version is another release')
})

t.test('without any metadata there are a name and a version', async t => {
  const { index } = indexWith('a/two', undefined)
  t.match(await derivedRelease(index, hello, '1.0', [wheel('1')]), {
    name: 'hello',
    version: '1.0',
    summary: '',
  })
  t.match(await derivedRelease(index, hello, '2.0', []), { name: 'hello', version: '2.0' })
})
