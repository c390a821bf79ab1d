import t from 'tap'
import { MemoryFile } from '../../src/disk/memory-file.ts'

t.test('bytes in memory are a whole resource', async t => {
  const file = new MemoryFile(Buffer.from('0123456789'), '"tag"', new Date(1000))
  t.match(file, { size: 10, whole: true, etag: '"tag"', modified: new Date(1000) })
  const read = async (start: number, end?: number) => {
    let text = ''
    for await (const chunk of file.read(start, end)) text += Buffer.from(chunk).toString()
    return text
  }
  t.equal(await read(0), '0123456789')
  t.equal(await read(3), '3456789')
  t.equal(await read(3, 5), '34')
})
