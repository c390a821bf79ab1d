import { readFileSync } from 'node:fs'
import t from 'tap'
import { PageError, type File } from '../../src/spec/page.ts'
import { projectName, type Name } from '../../src/spec/project-name.ts'
import { readNames } from '../../src/upstream/html-names.ts'
import { readHtmlPage, sniff } from '../../src/upstream/simple-html.ts'

const saved = (name: string) =>
  readFileSync(new URL(`../fixtures/pages/${name}`, import.meta.url), 'utf8')
const named = (name: string) => projectName(name) as Name
const read = (html: string, name = 'foo', at = `https://index.example/simple/${name}/`) =>
  readHtmlPage(html, named(name), new URL(at))
const page = (body: string) => `<!DOCTYPE html><title>Links for foo</title><body>${body}</body>`
const version = (text: string) => `<meta name="pypi:repository-version" content="${text}">`
const first = (body: string): File | undefined => read(page(body)).files[0]

const isRefused = (html: string, name?: string): boolean => {
  try {
    read(html, name)
    return false
  } catch (error) {
    return error instanceof PageError
  }
}

// What HTML cannot say, and the ways of JSON to say nothing.
const comparable = (file: Readonly<Record<string, unknown>>) => {
  const dropped = ['size', 'upload-time', 'data-dist-info-metadata', 'dist-info-metadata']
  return Object.fromEntries(
    Object.entries(file)
      .filter(([key, value]) => !dropped.includes(key) && value !== null && value !== false)
      .map(([key, value]) => [key, key === 'yanked' && value === '' ? true : value]),
  )
}

t.test('real pages', async t => {
  await t.test('say in HTML what they say in JSON (FX-1)', async t => {
    for (const name of ['six', 'yanked-pkg']) {
      const json = JSON.parse(saved(`${name}.json`)) as { files: Record<string, unknown>[] }
      const { files } = read(saved(`${name}.html`), name)
      t.strictSame(files.map(comparable), json.files.map(comparable), name)
    }
  })

  await t.test('of PyPI have status and serial', async t => {
    const six = read(saved('six.html'), 'six')
    t.strictSame(six['project-status'], { status: 'active' })
    t.strictSame(six.meta, { 'api-version': '1.0', '_last-serial': 26356948 })
    t.equal(six.versions, undefined)
  })

  await t.test('of other servers are read whole', async t => {
    for (const [file, name, count] of [
      ['luigi-multiline.html', 'luigi', 42],
      ['luigi-space.html', 'luigi', 42],
      ['tensorflow-listing.html', 'tensorflow', 10],
      ['torch.html', 'torch', 476],
      ['jax.html', 'jaxlib', 21],
      ['mmcv.html', 'mmcv', 104],
      ['black.html', 'black', 8],
      ['wheel.html', 'wheel', 1],
      ['qypi-base.html', 'qypi', 4],
      ['poetry-relative.html', 'poetry', 3],
    ] as const)
      t.equal(read(saved(file), name).files.length, count, file)
  })

  await t.test('give file names by their links, not by their texts (SA-103)', async t => {
    const { files } = read(saved('tensorflow-listing.html'), 'tensorflow')
    t.equal(files[0]?.filename, 'tensorflow-1.12.3-cp27-cp27mu-linux_x86_64.whl')
    const torch = read(saved('torch.html'), 'torch', 'https://download.example/whl/torch.html')
    const local = torch.files.find(file => file.filename.includes('+'))
    t.match(local?.filename, /^torch-[\d.]+\+\w+-/)
    t.match(local?.url, /^https:\/\/download\.example\/whl\/.*%2B/)
  })

  await t.test('that are no index are refused (U69)', async t => {
    for (const [file, name] of [
      ['devpi-web-page.html', 'luigi'],
      ['empty.html', 'empty'],
      ['jax.html', 'other'],
    ] as const)
      t.equal(isRefused(saved(file), name), true, file)
  })
})

t.test('links', async t => {
  await t.test('are those an HTML5 parser sees (U58)', async t => {
    const { files } = read(`<!doctype HTML>
      <HTML><HEAD><TITLE>Links for foo</TITLE>
      <script>var a = '<a href="foo-1.zip">'</script><style><a href=foo-2.zip></style></head>
      <!-- <a href="foo-3.zip">no</a> -- > <a href="foo-4.zip"> -->
      <A HREF=foo-5.zip>no quotes<a href='foo-6.zip' >single
      <a
        data-yanked
        href = "foo-7.zip"
      >lines</a><a href="foo-8.zip" href="foo-9.zip">two</a>
      <textarea><a href="foo-10.zip"></textarea><a name="foo-11.zip">none</a>
      <p title='<a href="foo-12.zip">'><a href="foo&#45;13&period;zip">entities</a>
      <a/href="foo-14.zip"/>slash</a><a href="foo-15.zip`)
    t.strictSame(
      files.map(({ filename }) => filename.slice(4, -4)),
      ['5', '6', '7', '8', '13', '14'],
    )
    t.equal(files[2]?.yanked, true)
  })

  await t.test('resolve against the first base, and the page without one (U60, SA-70)', async t => {
    const based = read(
      '<base target=x><base href="/files/"><base href="/no/"><a href="foo-1.zip">x</a>',
    )
    t.equal(based.files[0]?.url, 'https://index.example/files/foo-1.zip')
    t.equal(first('<a href="../../foo-1.zip">x</a>')?.url, 'https://index.example/foo-1.zip')
    t.equal(
      first('<base href="http://["><a href="foo-1.zip">x</a>')?.url,
      'https://index.example/simple/foo/foo-1.zip',
    )
  })

  await t.test('that lead to no distribution are left out (U47, U71-U79)', async t => {
    const links = [
      '',
      '?C=N;O=D',
      '../',
      'http://[',
      'javascript:foo-1.zip',
      'file:///foo-1.zip',
      'data:,foo-1.zip',
      'foo-1.zip/',
      'foo-1.txt',
      'foo%2f..%2f-1.zip',
      '%2e%2e%2ffoo-1.zip',
      'foo%00-1.zip',
      'foo%0d%0a-1.zip',
      'foo-1%252e.zip',
      'foo-1%.zip',
      '.foo-1.zip',
      `${'f'.repeat(300)}-1.zip`,
      'foo‮-1.zip',
    ]
    const { files } = read(
      page(links.map(link => `<a href="${link}">x</a>`).join('') + '<a href="foo-2.zip">x</a>'),
    )
    t.strictSame(
      files.map(file => file.filename),
      ['foo-2.zip'],
    )
  })
})

t.test('attributes of a file', async t => {
  const hex = 'ab'.repeat(32)

  await t.test('become the keys of JSON (SA-102)', async t => {
    const file = first(
      `<a href="foo-1-py3-none-any.whl#sha256=${hex.toUpperCase()}" data-requires-python="&gt;=3.8,&lt;4" data-yanked="broken &amp; bad"
        data-core-metadata="sha256=${hex}" data-dist-info-metadata="true" data-gpg-sig="false"
        data-provenance="https://index.example/p" data-size="12" data-upload-time="2024-01-02T03:04:05.123456Z">x</a>`,
    )
    t.strictSame(file, {
      filename: 'foo-1-py3-none-any.whl',
      url: 'https://index.example/simple/foo/foo-1-py3-none-any.whl',
      hashes: { sha256: hex },
      size: 12,
      'upload-time': '2024-01-02T03:04:05.123456Z',
      'requires-python': '>=3.8,<4',
      'core-metadata': { sha256: hex },
      yanked: 'broken & bad',
      provenance: 'https://index.example/p',
      'gpg-sig': false,
    })
  })

  await t.test('which say nothing or nonsense are left out', async t => {
    const file = first(
      '<a href="foo-1.zip#main" data-requires-python="" data-core-metadata="" data-gpg-sig="?" data-size="-1" data-upload-time="today" data-provenance="javascript:1">x</a>',
    )
    t.strictSame(file, {
      filename: 'foo-1.zip',
      url: 'https://index.example/simple/foo/foo-1.zip',
      hashes: {},
    })
  })

  await t.test('have their older and longer spellings', async t => {
    for (const [text, hashes] of [
      [`#sha256=${hex}&egg=abc`, { sha256: hex }],
      [`#egg=abc&md5=${hex.slice(0, 32)}`, { md5: hex.slice(0, 32) }],
      ['#sha256=../../etc/passwd', {}],
      ['#egg=abc', {}],
    ] as const)
      t.strictSame(first(`<a href="foo-1.zip${text}">x</a>`)?.hashes, hashes, text)
    for (const [text, metadata] of [
      ['data-dist-info-metadata="true"', true],
      ['data-core-metadata="false"', false],
      [`data-dist-info-metadata="sha256=${hex}"`, { sha256: hex }],
    ] as const)
      t.strictSame(first(`<a href="foo-1.zip" ${text}>x</a>`)?.['core-metadata'], metadata, text)
    t.equal(first('<a href="foo-1.zip" data-yanked="">x</a>')?.yanked, true)
  })
})

t.test('a page', async t => {
  await t.test('of version 2 is refused, of 1.99 not (U61)', async t => {
    t.equal(isRefused(`${version('2.0')}<a href="foo-1.zip">x</a>`), true)
    t.equal(read(`${version('1.99')}<a href="foo-1.zip">x</a>`).files.length, 1)
  })

  await t.test('tells its project’s status with the reason', async t => {
    const { 'project-status': status } = read(
      '<meta name="pypi:project-status" content="deprecated"><meta name="pypi:project-status-reason" content="use &quot;bar&quot;"><a href="foo-1.zip">x</a>',
    )
    t.strictSame(status, { status: 'deprecated', reason: 'use "bar"' })
    t.equal(read(page(''))['project-status'], undefined)
  })

  await t.test('may have no files, when it is a page at all (U70)', async t => {
    for (const html of [
      '<meta name="pypi:repository-version" content="1.0">',
      page(''),
      '<!DOCTYPE html><html><head><title>x</title></head><body>\n</body></html>',
      '<h1>Index of /simple/foo</h1><a href="../">Parent</a>',
    ])
      t.strictSame(read(html).files, [], html)
  })

  await t.test('of another kind is refused (U69, SA-106)', async t => {
    for (const html of [
      '',
      '   ',
      '<html><title>x</title>',
      'not found',
      '<?xml version="1.0"?><Error>AccessDenied</Error>',
      '<html><body>Please log in</body></html>',
      '<html><body><form action="/login"><input name="user"></form></body></html>',
      '<meta http-equiv="refresh" content="0;url=/login">',
      '<html><script>location = "/login"</script></html>',
      '<title>Sign in</title><a href="/login">log in</a><a href="/agent/install.zip">agent</a>',
    ])
      t.equal(isRefused(html), true, html)
  })

  await t.test('with garbage in it keeps its good links (U59)', async t => {
    const { files } = read(
      page('\0<a href="foo-\0.zip">x</a>\ufffd\ud800<a href="foo-1.zip">\0</a>'),
    )
    t.strictSame(
      files.map(file => file.filename),
      ['foo-1.zip'],
    )
  })

  await t.test('made to explode is read in linear time (U57, U62, U63)', async t => {
    for (const [html, files] of [
      ['<b>'.repeat(300_000) + '</i>'.repeat(300_000), undefined],
      [`<a href="${'x'.repeat(20_000_000)}">`, undefined],
      [`<a href="foo-1.zip?${'&amp;'.repeat(1_000_000)}">`, undefined],
      [page('<'.repeat(5_000_000)), 0],
      [page('<!--'.repeat(1_000_000)), 0],
      [`<title>${'simple '.repeat(1_000_000)}`, undefined],
      [page(`<a href="foo-1.zip#${'sha256=a&'.repeat(5_000)}">`), 1],
      [page('<a href=foo-1.zip>'.repeat(100_000)), 1],
    ] as const) {
      const start = performance.now()
      let found: number | undefined
      try {
        found = read(html).files.length
      } catch (error) {
        if (!(error instanceof PageError)) throw error
      }
      t.equal(found, files, html.slice(0, 40))
      t.ok(performance.now() - start < 5000)
    }
    t.equal(isRefused('<a href=foo-1.zip>'.repeat(500_001)), true)
  })
})

const namesIn = async (html: string, size = 7): Promise<string[]> => {
  const names: string[] = []
  const pieces = async function* () {
    for (let at = 0; at < html.length; at += size) yield html.slice(at, at + size)
  }
  for await (const batch of readNames(pieces())) names.push(...batch)
  return names
}

const isNoList = (html: string): Promise<boolean> =>
  namesIn(html).then(
    () => false,
    (error: unknown) => error instanceof PageError,
  )

t.test('the list of projects', async t => {
  await t.test('is read in pieces of any size', async t => {
    t.strictSame(await namesIn(saved('proxpi-root.html')), ['proxpi', 'numpy'])
    for (const size of [1, 100, 100_000]) {
      const names = await namesIn(saved('pypi-root.html'), size)
      t.equal(names.length, 20)
      t.strictSame(names.slice(0, 3), ['a', 'a00k5pgrtn', 'a10ctl'])
    }
    t.equal((await namesIn(saved('devpi-root.html'))).length, 18)
  })

  await t.test('has names that link and text agree on', async t => {
    const html = `<title>Index of /simple</title><a href="?C=N">Name</a><a href="/">Parent Directory</a>
      <a href="/simple/">up</a><a href="Foo.Bar/">foo-bar</a><a href="a-very-long-name/">a-very-lo..&gt;</a>
      <a href="x.zip/">x.zip/</a><a href="y-1.zip">y-1.zip</a><a href="%zz/">zz</a><a>none</a>
      <a href="/simple/open/">open`
    t.strictSame(await namesIn(html), ['foo-bar', 'a-very-long-name', 'x-zip', 'open'])
  })

  await t.test('is not taken from web pages or other versions', async t => {
    t.equal(await isNoList(saved('devpi-web-page.html')), true)
    t.equal(await isNoList(saved('torch.html')), true)
    t.equal(await isNoList(''), true)
    t.equal(
      await isNoList('<meta name="pypi:repository-version" content="2.0"><a href="a/">a</a>'),
      true,
    )
    t.strictSame(await namesIn('<title>Simple index</title>'), [])
  })
})

t.test('a page is what it begins like, then what it is called (U68, PY-46)', async t => {
  for (const [type, start, form] of [
    ['application/vnd.pypi.simple.v1+json', '{', 'json'],
    ['application/json; charset=utf-8', '{', 'json'],
    ['application/octet-stream', ' \n{"meta"', 'json'],
    ['text/html', '\ufeff{', 'json'],
    [undefined, '<!DOCTYPE', 'html'],
    ['application/json', '<html>', 'html'],
    ['binary/octet-stream', '\r\n<a href', 'html'],
    ['application/vnd.pypi.simple.v1+html', '', 'html'],
    ['text/html;charset=utf-7', 'Links', 'html'],
    ['application/xhtml+xml', 'x', 'html'],
    ['application/vnd.pypi.simple.v1+json', 'garbage', 'json'],
    [undefined, 'garbage', undefined],
    ['text/plain', '', undefined],
  ] as const)
    t.equal(sniff(type, start), form, `${type} ${start}`)
})
