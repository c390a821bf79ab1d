import t from 'tap'
import { contentType } from '../../src/spec/content-type.ts'

t.test('files of documentation have the types that browsers need', async t => {
  t.equal(contentType('a/index.HTML'), 'text/html')
  t.equal(contentType('_static/basic.css'), 'text/css; charset=utf-8')
  t.equal(contentType('searchindex.js'), 'text/javascript; charset=utf-8')
  t.equal(contentType('a.svg'), 'image/svg+xml')
  t.equal(contentType('f.woff2'), 'font/woff2')
})

t.test('what is not known is nothing that a browser acts upon (X11)', async t => {
  for (const path of ['objects.inv', 'LICENSE', '.html/x', 'a.php', 'a.', '', 'x.constructor'])
    t.equal(contentType(path), 'application/octet-stream', path)
})
