import { join } from 'node:path'
import t from 'tap'
import { parseArguments } from '../../src/config/arguments.ts'
import { netrcCredentials } from '../../src/config/netrc.ts'
import { readSettings } from '../../src/config/read-settings.ts'
import { UsageError } from '../../src/options.ts'

t.test('a host has its own entry, or the default', async t => {
  const text = `
# machine a.example login comment password comment
machine A.example login alice password s3#cret
machine b.example
  login "bob \\"b\\""
  account x password machine
macdef init
machine c.example login no password no

machine d.example user dora
default login anyone password "p w"
`
  t.strictSame(netrcCredentials('a.Example', text), { username: 'alice', password: 's3#cret' })
  t.strictSame(netrcCredentials('b.example', text), { username: 'bob "b"', password: 'machine' })
  t.strictSame(netrcCredentials('d.example', text), { username: 'dora', password: '' })
  t.strictSame(netrcCredentials('c.example', text), { username: 'anyone', password: 'p w' })
})

t.test('without an entry there is nothing', async t => {
  t.equal(netrcCredentials('a', ''), undefined)
  t.equal(netrcCredentials('a', 'machine b login x password y'), undefined)
  t.equal(netrcCredentials('a', 'login x password y nonsense "'), undefined)
})

t.test('upstreams without credentials have those of netrc (need 14, CL-63)', async t => {
  const home = t.testdir({
    '.netrc': 'machine a.example login ann password one\nmachine ::1 login six password two\n',
    other: 'default login anyone password three\n',
  })
  const credentials = async (env: NodeJS.ProcessEnv, ...urls: string[]) => {
    const { flags } = await parseArguments(urls.flatMap(url => ['-i', url]))
    const { upstreams } = await readSettings({ flags, env, cwd: home })
    return upstreams.map(({ credentials }) => credentials)
  }
  const ann = { username: 'ann', password: 'one' }
  const own = { username: 'bob', password: 'his' }
  const urls = [
    'https://a.example:8443/simple/',
    'https://b.example/simple/',
    'http://[::1]/simple/',
  ]
  t.same(await credentials({ HOME: home }, ...urls), [
    ann,
    undefined,
    { username: 'six', password: 'two' },
  ])
  t.same(await credentials({ HOME: home }, 'https://bob:his@a.example/simple/'), [own])
  t.same(await credentials({ HOME: join(home, 'nowhere') }, urls[0] as string), [undefined])
  const anyone = { username: 'anyone', password: 'three' }
  const named = { HOME: home, NETRC: join(home, 'other') }
  t.same(await credentials(named, 'https://b.example/simple/'), [anyone])
  t.same(await credentials(named), [undefined], 'the default upstream gets none')
  const missing = credentials({ NETRC: join(home, 'missing') }, urls[0] as string)
  await t.rejects(
    missing,
    new UsageError(`NETRC: ${join(home, 'missing')} cannot be read (ENOENT)`),
  )
})
