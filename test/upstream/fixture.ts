import t from 'tap'
import { readPage } from '../../src/spec/page.ts'
import { projectName, type Name } from '../../src/spec/project-name.ts'
import { readHtmlPage } from '../../src/upstream/simple-html.ts'
import { startUpstream, usualPath } from '../fixtures/upstream.ts'

// The tests of everything else lean on the programmable upstream, so its own promises are tested too.

const six = projectName('six') as Name
const json = 'application/vnd.pypi.simple.v1+json'
const wheel = {
  filename: 'six-1.0-py3-none-any.whl',
  bytes: Buffer.from('wheel'),
  metadata: 'Name: six\n',
  'requires-python': '>=3.8,<4',
}
const sdist = { filename: 'six-1.0.tar.gz', bytes: Buffer.from('sdist'), yanked: 'a & "b"' }

t.test('pages say the same in both forms, chosen by Accept', async t => {
  const upstream = await startUpstream(t)
  upstream.project('Six', [wheel, sdist], { serial: 7, status: 'archived', reason: 'old' })
  const url = new URL('six/', upstream.url)
  const asJson = await fetch(url, { headers: { accept: json } })
  t.equal(asJson.headers.get('content-type'), json)
  const fromJson = readPage(await asJson.json(), six, url)
  const asHtml = await fetch(url)
  t.equal(asHtml.headers.get('content-type'), 'application/vnd.pypi.simple.v1+html')
  const fromHtml = readHtmlPage(await asHtml.text(), six, url)
  t.match(fromJson.files[0], {
    size: 5,
    'upload-time': String,
    'core-metadata': { sha256: String },
  })
  for (const [index, file] of fromHtml.files.entries()) t.match(fromJson.files[index], file)
  t.equal(fromHtml.meta['_last-serial'], 7)
  t.strictSame(fromHtml['project-status'], { status: 'archived', reason: 'old' })
  t.strictSame(fromJson['project-status'], fromHtml['project-status'])
  t.match(await (await fetch(upstream.url)).text(), /href="\/simple\/six\/"/)
  t.equal(upstream.count(upstream.page('six')), 2)
})

t.test('pages and files are validated, files have ranges', async t => {
  const upstream = await startUpstream(t, { form: 'html' })
  upstream.project('six', [wheel])
  const file = new URL(usualPath(wheel), upstream.origin)
  for (const url of [new URL('six/', upstream.url), file]) {
    const { headers } = await fetch(url)
    const etag = headers.get('etag') ?? ''
    const modified = headers.get('last-modified') ?? ''
    t.equal((await fetch(url, { headers: { 'if-none-match': etag } })).status, 304)
    t.equal((await fetch(url, { headers: { 'if-modified-since': modified } })).status, 304)
    upstream.behave(url.pathname, { validators: false })
    t.equal((await fetch(url, { headers: { 'if-none-match': etag } })).status, 200)
    upstream.behave(url.pathname, undefined)
  }
  for (const [range, condition, status, text] of [
    ['bytes=1-2', undefined, 206, 'he'],
    ['bytes=3-', undefined, 206, 'el'],
    ['bytes=-2', undefined, 206, 'el'],
    ['bytes=9-', undefined, 416, ''],
    ['bytes=3-', '"other"', 200, 'wheel'],
  ] as const) {
    const headers = { range, ...(condition !== undefined && { 'if-range': condition }) }
    const response = await fetch(file, { headers })
    t.strictSame([response.status, await response.text()], [status, text], range)
  }
  const metadata = await fetch(`${file.href}.metadata`)
  t.equal(await metadata.text(), wheel.metadata)
})

t.test('projects go away, and their other spellings lead to them', async t => {
  const upstream = await startUpstream(t, { relative: true })
  upstream.project('six', [wheel, sdist])
  const response = await fetch(new URL('SIX', upstream.url))
  t.equal(response.url, new URL('six/', upstream.url).href)
  const { files } = readHtmlPage(await response.text(), six, new URL(response.url))
  t.equal(files[0]?.url, `${upstream.origin}${upstream.path(wheel.filename)}`)
  upstream.remove('six', sdist.filename)
  t.throws(() => upstream.path(sdist.filename))
  upstream.remove('six')
  t.equal((await fetch(new URL('six/', upstream.url))).status, 404)
})

t.test('behaviours end after their times, and the server comes and goes', async t => {
  const credentials = { username: 'a', password: 'b' }
  const upstream = await startUpstream(t, { credentials })
  t.equal((await fetch(upstream.url)).status, 401)
  const authorization = `Basic ${btoa('a:b')}`
  upstream.behave('*', { status: 500, times: 1 })
  t.equal((await fetch(upstream.url, { headers: { authorization } })).status, 500)
  t.equal((await fetch(upstream.url, { headers: { authorization } })).status, 200)
  const { origin } = upstream
  await upstream.down()
  await upstream.down()
  await t.rejects(fetch(upstream.url))
  await upstream.up()
  t.equal(upstream.origin, origin)
  t.equal((await fetch(upstream.url, { headers: { authorization } })).status, 200)
})
