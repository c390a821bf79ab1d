import t from 'tap'
import { escape, pageFoot, pageHead } from '../../src/pages/html.ts'

t.test('whatever a text holds, it stays a text on one line (SA-64)', async t => {
  t.equal(escape('a-1.0+b.whl'), 'a-1.0+b.whl')
  t.equal(escape('>=3,<4'), '&gt;=3,&lt;4')
  t.equal(escape(`"><script>alert('x')&`), '&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&amp;')
  t.equal(escape('a\r\n\nb\rc'), 'a b c')
  t.equal(escape('&amp;'), '&amp;amp;')
})

t.test('a page begins with its doctype and version (SA-60, SA-63)', async t => {
  const page = pageHead('<x>', '1.4', ['<meta name="a" content="b">']) + pageFoot
  t.ok(page.startsWith('<!DOCTYPE html>\n'))
  t.match(page, '<meta name="pypi:repository-version" content="1.4">')
  t.match(page, '<meta name="a" content="b">\n<title>&lt;x&gt;</title>')
  t.ok(page.endsWith('</html>\n'))
})
