/** What another process says of an index, while this one changes it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { buildProgram } from '../fixtures/cli.ts'
import { directoryOf } from '../fixtures/directory.ts'
import { makeWheel } from '../fixtures/dist.ts'
import { openFor } from '../fixtures/indexes.ts'
import { setIndex, uploadTo } from '../fixtures/named-indexes.ts'
import { startUpstream } from '../fixtures/upstream.ts'

const program = await buildProgram()

const mine = makeWheel({ name: 'leaf-lib', version: '1.0' })
const theirs = makeWheel({ name: 'leaf-lib', version: '2.0' })

t.test('explain tells where an index looks for a project, and what it leaves out', async t => {
  const upstream = await startUpstream(t, { form: 'json' })
  upstream.project('leaf-lib', [{ filename: theirs.filename, bytes: theirs.bytes }])
  const directory = directoryOf(t)
  await writeFile(join(directory, 'proxypypi.toml'), 'no-proxy = false\n')
  const indexes = openFor(t, directory)
  const explain = (...operands: string[]) => program.run(directory, ['explain', ...operands])
  t.match(await explain('alice/dev', 'leaf-lib'), { code: 2, stderr: /no index alice\/dev/ })
  await setIndex(indexes, 'root/other', { type: 'mirror', mirror_url: upstream.url.href })
  await setIndex(indexes, 'bob/lib')
  await setIndex(indexes, 'alice/dev', { bases: ['bob/lib', 'root/other'] })
  const mirrored = await explain('alice/dev', 'leaf-lib')
  t.equal(mirrored.code, 0)
  t.match(mirrored.stdout, /^looked in alice\/dev, bob\/lib, root\/other$/m)
  t.match(mirrored.stdout, /^root\/other: lists 1 files$/m)
  await uploadTo(indexes, 'bob/lib', mine)
  const hidden = await explain('alice/dev', 'Leaf.Lib==1.0')
  t.equal(hidden.code, 0)
  t.match(hidden.stdout, /^looked in alice\/dev, bob\/lib$/m)
  t.match(hidden.stdout, /^note +root\/other left out: .* private project of bob\/lib/m)
  t.match(hidden.stdout, /^bob\/lib: lists 1 files$/m)
  t.match(hidden.stdout, /^uploaded +leaf_lib-1\.0\S+ by alice/m)
  t.match(hidden.stdout, /^alice\/dev: has no such project$/m)
  t.equal((await explain('bob/lib', 'nothing')).code, 1)
  t.match(await explain('../etc', 'leaf-lib'), { code: 2, stderr: /is no USER\/INDEX/ })
  t.equal((await explain('a/b', 'c/d', 'e')).code, 2)
})
