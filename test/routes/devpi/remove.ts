import t from 'tap'
import { makeSdist, makeWheel, makeZip } from '../../fixtures/dist.ts'
import { serve, type Served, type Test } from '../../fixtures/serve.ts'
import {
  as,
  getJson,
  makeIndex,
  makeUser,
  pathIn,
  releasesOf,
  sendForm,
  submit,
} from '../../fixtures/stages.ts'
import { startUpstream, usualPath } from '../../fixtures/upstream.ts'
import { ask } from '../../fixtures/wire.ts'

const one = makeWheel({ name: 'acme-util', version: '1.0' })
const sdist = makeSdist({ name: 'acme-util', version: '1.0' })
const two = makeWheel({ name: 'acme-util', version: '2.0' })
const other = makeWheel({ name: 'acme-util', version: '1.0', files: { 'x.txt': 'other' } })

const setUp = async (t: Test, config: Readonly<Record<string, unknown>> = {}): Promise<Served> => {
  const served = await serve(t)
  await makeIndex(served, 'alice/dev', config)
  for (const dist of [one, sdist, two]) await submit(served, 'alice/dev', dist)
  return served
}

const remove = async ({ url }: Served, path: string, user: string | undefined = 'alice') => {
  const headers = { accept: 'application/json', ...as(user) }
  const { status, text } = await ask(url, path, { method: 'DELETE', headers })
  return { status, ...(JSON.parse(text) as { message: string }) }
}

const linksOf = async (served: Served, version: string, index = 'alice/dev') =>
  (await releasesOf(served, `/${index}/acme-util`))[version]?.['+links'] ?? []

const place = async (served: Served, { filename }: { filename: string }) => {
  const links = [...(await linksOf(served, '1.0')), ...(await linksOf(served, '2.0'))]
  return pathIn(links.find(({ href }) => href.endsWith(filename))?.href ?? '')
}

t.test('a release goes, and the project with the last one (devpi-api 15)', async t => {
  const served = await setUp(t)
  const path = await place(served, one)
  t.same(await remove(served, '/alice/dev/acme-util/1.0'), {
    status: 200,
    message: `project 'acme-util' version '1.0' deleted`,
  })
  t.same(Object.keys(await releasesOf(served, '/alice/dev/acme-util')), ['2.0'])
  t.equal((await ask(served.url, path)).status, 410)
  t.equal((await remove(served, '/alice/dev/acme-util/1.0')).status, 404)
  t.equal((await remove(served, '/alice/dev/Acme_Util/2.0/')).status, 200, 'in any spelling')
  t.equal((await getJson(served, '/alice/dev/acme-util')).status, 404)
  t.equal((await ask(served.url, '/alice/dev/+simple/acme-util/')).status, 404)
  t.equal((await submit(served, 'alice/dev', other)).status, 200, 'its names are free')
})

t.test('a project goes with all that belongs to it (devpi-api 15)', async t => {
  const served = await setUp(t)
  const path = await place(served, one)
  await ask(served.url, path, { method: 'POST', body: '{}' })
  const docs = makeZip([{ name: 'index.html', data: 'x' }])
  await sendForm(served, 'alice/dev', [
    [':action', 'doc_upload'],
    ['name', 'acme-util'],
    ['version', '1.0'],
    ['content', ['x.zip', docs]],
  ])
  t.same(await remove(served, '/alice/dev/acme-util'), {
    status: 200,
    message: 'project acme-util deleted from stage alice/dev',
  })
  t.same(await remove(served, '/alice/dev/acme-util'), {
    status: 404,
    message: 'project not found',
  })
  t.equal((await ask(served.url, path)).status, 410)
  await submit(served, 'alice/dev', one)
  t.equal((await linksOf(served, '1.0')).length, 1, 'nothing of before is back with it')
})

t.test('a file goes, and what it leaves empty (devpi-api 15)', async t => {
  const served = await setUp(t)
  const [wheel, source, last] = await Promise.all(
    [one, sdist, two].map(dist => place(served, dist)),
  )
  await ask(served.url, wheel ?? '', { method: 'POST', body: '{}' })
  t.same(await remove(served, wheel ?? ''), {
    status: 200,
    message: `package '${wheel?.slice(1)}' deleted`,
  })
  t.equal((await ask(served.url, wheel ?? '')).status, 410)
  t.same(await remove(served, wheel ?? ''), {
    status: 410,
    message: `file '${wheel?.slice(1)}' existed, deleted in later serial`,
  })
  t.equal((await linksOf(served, '1.0')).length, 1, 'its test result went along')
  t.equal((await remove(served, source ?? '')).status, 200)
  t.same(Object.keys(await releasesOf(served, '/alice/dev/acme-util')), ['2.0'])
  t.equal((await remove(served, last ?? '')).status, 200)
  t.equal((await getJson(served, '/alice/dev/acme-util')).status, 404)
  t.match(await remove(served, (last ?? '').replace('acme', 'nothing')), {
    status: 404,
    message: /doesn't exist$/,
  })
})

t.test('documentation and test results go alone, too', async t => {
  const served = await setUp(t)
  const path = await place(served, one)
  await ask(served.url, path, { method: 'POST', body: '{}' })
  const docs = makeZip([{ name: 'index.html', data: 'x' }])
  await sendForm(served, 'alice/dev', [
    [':action', 'doc_upload'],
    ['name', 'acme-util'],
    ['version', '1.0'],
    ['content', ['x.zip', docs]],
  ])
  for (const kind of ['toxresult', 'doczip']) {
    const link = (await linksOf(served, '1.0')).find(({ rel }) => rel === kind)
    t.equal((await remove(served, pathIn(link?.href ?? ''))).status, 200, kind)
    t.notOk((await linksOf(served, '1.0')).some(({ rel }) => rel === kind))
    t.not((await ask(served.url, pathIn(link?.href ?? ''))).status, 200)
  }
  t.equal((await linksOf(served, '1.0')).length, 2, 'the files stay')
})

t.test('what is to last takes force (devpi-api 15)', async t => {
  const served = await setUp(t, { volatile: false })
  const path = await place(served, two)
  t.same(await remove(served, '/alice/dev/acme-util'), {
    status: 403,
    message: 'project acme-util is on non-volatile index alice/dev',
  })
  for (const one of ['/alice/dev/acme-util/1.0', path])
    t.same(await remove(served, one), {
      status: 403,
      message: 'cannot delete version on non-volatile index',
    })
  t.equal((await remove(served, `${path}?force=`)).status, 200)
  t.equal((await ask(served.url, path)).status, 410)
  t.equal((await remove(served, '/alice/dev/acme-util/1.0?force')).status, 200)
  t.equal((await getJson(served, '/alice/dev/acme-util')).status, 404)
  await submit(served, 'alice/dev', one)
  t.equal((await remove(served, '/alice/dev/acme-util?force=')).status, 200)
})

t.test('who may delete (devpi-api 5)', async t => {
  const served = await setUp(t)
  await makeUser(served, 'bob')
  const path = await place(served, one)
  for (const target of ['/alice/dev/acme-util', '/alice/dev/acme-util/1.0', path]) {
    t.equal((await remove(served, target, 'bob')).status, 403)
    const nobody = await ask(served.url, target, { method: 'DELETE' })
    t.equal(nobody.status, 403)
    t.notOk(nobody.headers['www-authenticate'])
  }
  t.equal((await linksOf(served, '1.0')).length, 2)
})

t.test('what is inherited cannot be deleted through an heir (devpi-api 15)', async t => {
  const served = await setUp(t)
  await makeIndex(served, 'alice/heir', { bases: 'alice/dev' })
  t.equal((await remove(served, '/alice/heir/acme-util')).status, 404)
  t.equal((await remove(served, '/alice/heir/acme-util/1.0')).status, 404)
  t.equal((await linksOf(served, '1.0')).length, 2)
})

t.test('of a mirror what it holds is deleted, and can be fetched again (devpi-api 9)', async t => {
  const upstream = await startUpstream(t)
  upstream.project('acme-util', [{ ...one }, { ...two }])
  const served = await serve(t)
  await makeIndex(served, 'alice/mirr', { type: 'mirror', mirror_url: upstream.url.href })
  const paths = [
    ...(await linksOf(served, '1.0', 'alice/mirr')),
    ...(await linksOf(served, '2.0', 'alice/mirr')),
  ].map(({ href }) => pathIn(href))
  const [first = '', second = ''] = paths
  t.equal((await remove(served, first)).status, 404, 'it is not here')
  for (const path of paths) t.equal((await ask(served.url, path)).status, 200)
  t.equal((await remove(served, first)).status, 200)
  t.equal((await ask(served.url, first)).status, 200, 'its link has stayed')
  t.equal(upstream.count(usualPath(one)), 2)
  t.equal((await remove(served, '/alice/mirr/acme-util/2.0')).status, 200)
  t.equal((await ask(served.url, second)).status, 200)
  t.equal(upstream.count(usualPath(two)), 2)
  t.equal((await remove(served, '/alice/mirr/acme-util')).status, 200)
  t.equal((await remove(served, '/alice/mirr/acme-util')).status, 404)
})

t.test('hostile names are nothing that is here', async t => {
  const served = await setUp(t)
  for (const path of [
    '/alice/dev/..%2f..%2fetc',
    '/alice/dev/acme-util/..%2f..',
    `/alice/dev/${'a'.repeat(1000)}`,
    `/alice/dev/acme-util/${'1'.repeat(1000)}`,
    '/alice/dev/+f/abc/0123456789abc/@',
    '/alice/dev/+e/@x@y/z-1.0.zip',
  ]) {
    const { status } = await ask(served.url, path, { method: 'DELETE', headers: as('alice') })
    t.ok([400, 404].includes(status), `${path.slice(0, 60)} ${status}`)
  }
  t.equal((await linksOf(served, '1.0')).length, 2)
})
