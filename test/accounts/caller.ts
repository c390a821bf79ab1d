import t from 'tap'
import { isForeign, isLocal, isLoopback, type Caller } from '../../src/accounts/caller.ts'

const local: Caller = {
  credentials: undefined,
  address: '127.0.0.1',
  host: '127.0.0.1:8000',
  isForwarded: false,
  origin: undefined,
  site: undefined,
}

t.test('loopback addresses and names', async t => {
  for (const host of [
    '127.0.0.1',
    '127.1.2.3',
    '::1',
    '[::1]',
    '::ffff:127.0.0.1',
    'localhost',
    'LocalHost',
  ])
    t.ok(isLoopback(host), host)
  for (const host of [
    '',
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '::ffff:10.0.0.1',
    '127.0.0.1.example.org',
    'localhost.example.org',
    'localhost.',
    '127.1',
    '0x7f.0.0.1',
    '[localhost]x',
    'example.org',
  ])
    t.notOk(isLoopback(host), host)
})

t.test('a client on this machine is one that nothing speaks against (P01)', async t => {
  t.ok(isLocal(local, '127.0.0.1'))
  t.ok(isLocal({ ...local, host: 'localhost:8000' }, 'localhost'))
  t.ok(isLocal({ ...local, address: '::1', host: '[::1]:8000' }, '::1'))
  t.ok(isLocal({ ...local, address: '::ffff:127.0.0.1', host: 'localhost' }, '127.0.0.1'))
  t.ok(isLocal({ ...local, origin: 'http://127.0.0.1:8000' }, '127.0.0.1'), 'a page of ours')
  for (const bind of ['0.0.0.0', '::', '192.0.2.1', 'example.org'])
    t.notOk(isLocal(local, bind), bind)
  const against: Record<string, Partial<Caller>> = {
    'another machine': { address: '192.0.2.1' },
    'nobody knows from where': { address: '' },
    'a name led here (fault X25)': { host: 'evil.example:8000' },
    'no host': { host: undefined },
    'a proxy': { isForwarded: true },
    'another site': { origin: 'https://evil.example' },
    'another port of this machine': { origin: 'http://127.0.0.1:3000' },
    'a page without a name': { origin: 'null' },
    'the browser says so': { site: 'cross-site' },
    'a proxy that hides': { origin: 'https://pypi.example', site: 'same-origin' },
  }
  for (const [why, more] of Object.entries(against))
    t.notOk(isLocal({ ...local, ...more }, '127.0.0.1'), why)
})

/** A request to a server that others reach, too. */
const at = (more: Partial<Caller>) => isForeign({ ...local, host: 'pypi.example', ...more })

t.test('pages of other sites are told by what their browsers send (fault P25)', async t => {
  t.notOk(at({}), 'no browser')
  t.notOk(at({ origin: 'https://pypi.example' }))
  t.notOk(at({ origin: 'https://PyPI.example', host: 'PYPI.EXAMPLE' }))
  t.notOk(at({ site: 'same-origin', origin: 'https://seen.outside' }), 'behind a reverse proxy')
  t.notOk(at({ site: 'none' }), 'typed by a person')
  t.ok(at({ origin: 'https://evil.example' }))
  t.ok(at({ origin: 'https://pypi.example.evil.example' }))
  t.ok(at({ origin: 'https://pypi.example:8443' }))
  t.ok(at({ origin: 'null' }))
  t.ok(at({ origin: '' }))
  t.ok(at({ origin: 'https://pypi.example', host: undefined }))
  t.ok(at({ site: 'cross-site' }))
  t.ok(at({ site: 'same-site', origin: 'https://pypi.example' }))
})
