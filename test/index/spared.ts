import t from 'tap'
import { clearSpare } from '../../src/spare.ts'
import { directoryOf } from '../fixtures/directory.ts'
import { makeSdist, makeWheel } from '../fixtures/dist.ts'
import { nameOf } from '../fixtures/index-contract.ts'
import { openFor } from '../fixtures/indexes.ts'
import { opened, setIndex, uploadTo } from '../fixtures/named-indexes.ts'
import { startUpstream } from '../fixtures/upstream.ts'

const leaf = nameOf('leaf-lib')
const mirrored = makeWheel({ name: 'leaf-lib', version: '1.0' })
const uploaded = makeSdist({ name: 'leaf-lib', version: '3.0' })

t.test('what a quiet server forgot comes from its own directory again', async t => {
  const upstream = await startUpstream(t, { form: 'json' })
  upstream.project('leaf-lib', [{ filename: mirrored.filename, bytes: mirrored.bytes }])
  const indexes = openFor(t, directoryOf(t))
  await setIndex(indexes, 'root/mirror', { type: 'mirror', mirror_url: upstream.url.href })
  await setIndex(indexes, 'a/stage', { bases: ['root/mirror'], mirror_whitelist: ['*'] })
  await uploadTo(indexes, 'a/stage', uploaded)
  const project = async () => (await opened(indexes, 'a/stage')).whole.project(leaf)

  const before = await project()
  const page = await before?.page()
  t.equal(page?.files.length, 2)
  const asked = upstream.count()

  clearSpare()
  t.same(await before?.page(), page, 'to who asked before')
  clearSpare()
  t.same(await (await project())?.page(), page, 'and to who asks now')
  t.equal(upstream.count(), asked)
})
