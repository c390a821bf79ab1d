import t from 'tap'
import { mirrorUpstream, rootUpstreams } from '../../src/index/mirror-settings.ts'
import { rootConfig, type MirrorConfig } from '../../src/spec/index-config.ts'
import { rootIndex } from '../../src/spec/index-name.ts'
import { indexOf } from '../fixtures/named-indexes.ts'
import { upstreamAt } from '../fixtures/settings.ts'

const other = indexOf('root/other')
const usual = upstreamAt('https://pypi.org/simple/', { caFile: '/ca.pem', fileHosts: ['files'] })
const settings = { upstreams: [usual] }

const config = (more: Partial<MirrorConfig> = {}): MirrorConfig => ({
  type: 'mirror',
  volatile: true,
  ...more,
})

t.test('a mirror has the upstream of its URL', async t => {
  const mirror_url = 'https://al%40ice:se%2Fcret@example.org/root/pypi/+simple?q#f'
  const upstream = mirrorUpstream(other, config({ mirror_url }), settings)
  t.equal(upstream?.url.href, 'https://example.org/root/pypi/+simple/')
  t.match(upstream, {
    name: 'root/other',
    credentials: { username: 'al@ice', password: 'se/cret' },
    refresh: 1800,
    refreshesAlone: true,
    caFile: '/ca.pem',
    fileHosts: ['files'],
  })
  const all = mirrorUpstream(
    other,
    config({
      mirror_url,
      mirror_cache_expiry: 5,
      mirror_no_project_list: true,
      mirror_ignore_serial_header: true,
    }),
    { upstreams: [] },
  )
  t.match(all, { refresh: 5, hasNoList: true, ignoresSerial: true, fileHosts: [] })
})

t.test('without a URL that can be asked it has none', async t => {
  for (const mirror_url of [undefined, 'nonsense', 'ftp://example.org/'])
    t.equal(
      mirrorUpstream(other, config(mirror_url === undefined ? {} : { mirror_url }), settings),
      undefined,
    )
})

t.test('the root index has those of the settings, unless nobody said which', async t => {
  const elsewhere = { ...rootConfig, mirror_url: 'http://mirror.example/simple' }
  t.same(rootUpstreams(rootConfig, settings), [usual])
  t.same(rootUpstreams(elsewhere, settings), [usual])
  const nobodySaid = { ...settings, isDefaultUpstream: true }
  t.same(rootUpstreams(rootConfig, nobodySaid), [usual], 'the usual one stays what it is')
  t.match(rootUpstreams(elsewhere, nobodySaid), [{ name: 'mirror', refresh: 600 }])
  t.match(rootUpstreams({ ...elsewhere, mirror_cache_expiry: 7 }, nobodySaid), [{ refresh: 7 }])
  t.match(mirrorUpstream(rootIndex, elsewhere, settings), { name: 'mirror' })
  t.match(rootUpstreams({ ...rootConfig, mirror_cache_expiry: 7 }, settings), [
    { name: 'pypi', refresh: 7, refreshesAlone: true },
  ])
})
