import t from 'tap'
import { netrcCredentials } from '../../src/upstream/netrc.ts'

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
