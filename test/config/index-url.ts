import t from 'tap'
import { nameUpstream, parseIndexUrl, withoutCredentials } from '../../src/config/index-url.ts'

t.test('an index URL may be written in any of the usual ways (needs 40)', t => {
  const rows = [
    ['https://pypi.org', 'https://pypi.org/simple/'],
    ['https://pypi.org/', 'https://pypi.org/simple/'],
    ['https://pypi.org/simple', 'https://pypi.org/simple/'],
    [' https://PyPI.org/simple/ ', 'https://pypi.org/simple/'],
    ['https://download.pytorch.org/whl/cu128', 'https://download.pytorch.org/whl/cu128/'],
    ['http://h:3141/root/pypi/+simple/', 'http://h:3141/root/pypi/+simple/'],
    ['${WHOLE}', 'https://whole.example/x/'],
    ['https://h/${PART}/simple', 'https://h/part/simple/'],
  ]
  const env = { WHOLE: 'https://whole.example/x', PART: 'part' }
  for (const [text = '', href] of rows) t.equal(parseIndexUrl(text, env).url.href, href, text)
  t.end()
})

t.test('credentials are taken out, percent-encoded or from a variable', t => {
  const found = parseIndexUrl('https://a%40b:c%2Fd@h/', {})
  t.equal(found.url.href, 'https://h/simple/')
  t.same(found.credentials, { username: 'a@b', password: 'c/d' })
  t.same(parseIndexUrl('https://${T}@h/', { T: 'x/@:y' }).credentials, {
    username: 'x/@:y',
    password: '',
  })
  t.equal(parseIndexUrl('https://h/', {}).credentials, undefined)
  t.end()
})

t.test('upstreams get short names, each its own', t => {
  const taken = new Set<string>()
  const name = (href: string): string => {
    const given = nameUpstream(new URL(href), taken)
    taken.add(given)
    return given
  }
  t.equal(name('https://pypi.org/simple/'), 'pypi')
  t.equal(name('https://download.pytorch.org/whl/cu128/'), 'download')
  t.equal(name('https://download.pytorch.org/whl/cpu/'), 'cpu')
  t.equal(name('http://10.0.0.1:3141/root/dev/+simple/'), 'dev')
  t.equal(name('http://[::1]/simple/'), 'upstream')
  t.equal(name('http://127.0.0.1:81/simple/'), 'upstream-2')
  t.equal(name('https://pypi.corp.example/simple/'), 'pypi-2')
  t.end()
})

t.test('what is written down conceals literal credentials and keeps variables (fault X15)', t => {
  t.equal(withoutCredentials('https://u:p@h/x'), 'https://***@h/x')
  t.equal(withoutCredentials('https://token@h/x'), 'https://***@h/x')
  t.equal(withoutCredentials('https://u:${P}@h/x'), 'https://u:${P}@h/x')
  t.equal(withoutCredentials('https://u:x${P}@h/x'), 'https://***@h/x')
  t.equal(withoutCredentials('https://${T}@h/x'), 'https://${T}@h/x')
  t.equal(withoutCredentials('https://h/x'), 'https://h/x')
  t.end()
})
