import { readdir, readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { Layout } from '../../../src/disk/layout.ts'
import { copyAside } from '../../../src/transfer/devpi/copy.ts'

// Descriptors of this process on a file; none are known where there is no /proc.
const descriptorsOf = async (path: string): Promise<string[]> => {
  const links = await readdir('/proc/self/fd').catch(() => [])
  const paths = await Promise.all(
    links.map(link => readlink(`/proc/self/fd/${link}`).catch(() => '')),
  )
  return paths.filter(target => target === path)
}

t.test('a copy that cannot even be begun leaves nothing open', async t => {
  // A file in the place of the directory where it would be made.
  const root = await realpath(t.testdir({ dump: { 'a.tar.gz': 'a' }, to: { '.proxypypi': '' } }))
  const file = { place: 'a.tar.gz', digests: new Map() }
  const copying = copyAside(new Layout(join(root, 'to')), join(root, 'dump'), file)
  await t.rejects(copying, { code: /^(?:ENOTDIR|EEXIST)$/ })
  // Node 26 ends a process that leaves a handle to the garbage collector.
  t.same(await descriptorsOf(join(root, 'dump', 'a.tar.gz')), [])
})
