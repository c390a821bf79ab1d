import t from 'tap'
import { makeSdist, makeWheel } from '../fixtures/dist.ts'
import { addUser, basic, upload } from '../fixtures/publishing.ts'
import { serve, type Served } from '../fixtures/serve.ts'
import { ask, type Answer } from '../fixtures/wire.ts'

const wheel = makeWheel({ name: 'acme', version: '1.2' })
const sdist = makeSdist({ name: 'acme', version: '1.2' })

const change = (
  { url }: Served,
  what: string,
  asked: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> => {
  const body = typeof asked === 'string' ? asked : JSON.stringify(asked)
  const length = String(Buffer.byteLength(body))
  const asking = { method: 'POST', body, headers: { 'content-length': length, ...headers } }
  return ask(url, `/-/${what}`, asking)
}

const listed = async ({ url }: Served) => {
  const accept = 'application/vnd.pypi.simple.v1+json'
  const { text, status } = await ask(url, '/simple/acme/', { headers: { accept } })
  if (status !== 200) return []
  return (JSON.parse(text) as { files: { filename: string; yanked?: unknown }[] }).files
}

t.test('yank and unyank a release (need 34, PEP 592)', async t => {
  const served = await serve(t)
  await upload(served.url, wheel)
  await upload(served.url, sdist)
  const yanked = await change(served, 'yank', {
    project: 'Acme',
    version: '1.2.0',
    reason: 'broken',
  })
  t.equal(yanked.status, 200)
  t.same(
    (JSON.parse(yanked.text) as { files: string[] }).files.toSorted(),
    [sdist.filename, wheel.filename].toSorted(),
  )
  t.same(
    (await listed(served)).map(file => file.yanked),
    ['broken', 'broken'],
  )
  t.equal(
    (await change(served, 'unyank', { project: 'acme', filename: sdist.filename })).status,
    200,
  )
  const states = new Map((await listed(served)).map(file => [file.filename, file.yanked ?? false]))
  t.same([states.get(wheel.filename), states.get(sdist.filename)], ['broken', false])
})

t.test('delete and restore (need 34, UP-38)', async t => {
  const served = await serve(t)
  await upload(served.url, wheel)
  const before = await listed(served)
  t.equal((await change(served, 'delete', { project: 'acme', version: '1.2' })).status, 200)
  t.same(await listed(served), [])
  t.equal((await ask(served.url, `/packages/acme/${wheel.filename}`)).status, 404)
  const other = makeWheel({ name: 'acme', version: '1.2', files: { 'x.txt': 'other' } })
  t.equal((await upload(served.url, other)).status, 409, 'its name stays taken')
  t.equal((await change(served, 'restore', { project: 'acme', version: '1.2' })).status, 200)
  t.same(await listed(served), before, 'with its upload time')
  t.ok((await ask(served.url, `/packages/acme/${wheel.filename}`)).body.equals(wheel.bytes))
})

t.test('who may (faults P22, P26)', async t => {
  const served = await serve(t)
  await addUser(served.directory, 'owner', ['acme'])
  await addUser(served.directory, 'stranger', ['other'])
  await upload(served.url, wheel, {}, basic('owner', 'owner'))
  const asked = { project: 'acme', version: '1.2' }
  for (const what of ['yank', 'unyank', 'delete', 'restore']) {
    t.equal((await change(served, what, asked)).status, 401, what)
    t.equal((await change(served, what, asked, basic('stranger', 'stranger'))).status, 403, what)
  }
  t.equal((await change(served, 'yank', asked, basic('owner', 'owner'))).status, 200)
})

t.test('what makes no sense is said in one line', async t => {
  const served = await serve(t)
  await upload(served.url, wheel)
  const wrong: readonly (readonly [unknown, number])[] = [
    ['', 400],
    ['[]', 400],
    ['{"project":', 400],
    [{}, 400],
    [{ project: 'acme' }, 400],
    [{ project: '..', version: '1' }, 400],
    [{ project: 'acme', version: 1.2 }, 400],
    [{ project: 'acme', version: 'x y' }, 400],
    [{ project: 'acme', filename: '../../etc/passwd' }, 400],
    [{ project: 'acme', version: '1.2', more: 'x' }, 400],
    ['{"project":"acme","version":"1.2","__proto__":{"x":1}}', 400],
    [{ project: 'acme', version: '9.9' }, 404],
    [{ project: 'nope', version: '1' }, 404],
    ['x'.repeat(100_000), 413],
  ]
  for (const [asked, status] of wrong) {
    const answer = await change(served, 'yank', asked)
    t.equal(answer.status, status, `${JSON.stringify(asked).slice(0, 60)} ${answer.text}`)
    t.equal(answer.text.split('\n').length, 2)
  }
  t.same(
    (await listed(served)).map(file => file.yanked ?? false),
    [false],
  )
})
