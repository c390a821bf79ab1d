import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { serve } from '../fixtures/serve.ts'
import { ask } from '../fixtures/wire.ts'

t.test('health: the process answers; nobody keeps that or reads it in the log', async t => {
  const served = await serve(t)
  const answer = await ask(served.url, '/-/health')
  t.match(answer, { status: 200, text: 'ok\n', headers: { 'cache-control': 'no-store' } })
  t.equal((await ask(served.url, '/-/health', { method: 'HEAD' })).status, 200)
  t.same(served.log.accesses, [])
  for (const path of ['/-/', '/-/health/x', '/-/ready/x', '/-/nothing'])
    t.equal((await ask(served.url, path)).status, 404, path)
})

t.test('ready: it can serve and write, and leaves nothing behind', async t => {
  const served = await serve(t)
  t.match(await ask(served.url, '/-/ready'), { status: 200, text: 'ready\n' })
  await served.close()
  t.same(await readdir(join(served.directory, '.proxypypi/work/tmp')), [])
})

t.test('not ready: 503, one line, when to come back', async t => {
  const directory = directoryOf(t)
  await mkdir(join(directory, '.proxypypi'))
  // Where its files should go there is a file: neither root nor a read-only disk makes a difference.
  await writeFile(join(directory, '.proxypypi/work'), '')
  const served = await serve(t, { directory })
  const answer = await ask(served.url, '/-/ready')
  t.match(answer, { status: 503, headers: { 'retry-after': '5' } })
  t.match(answer.text, /^not ready: the cache cannot be written \(E[A-Z]+\)\n$/)
  t.equal((await ask(served.url, '/-/health')).status, 200, 'but alive')
})
