import { promisify } from 'node:util'
import t from 'tap'
import { isPublicAddress, lookupPublic, privateAddress } from '../../src/upstream/address.ts'

t.test('addresses of the public internet are told from all others (faults U48, X25)', async t => {
  for (const ip of [
    '1.1.1.1',
    '8.8.8.8',
    '151.101.0.223',
    '100.63.255.255',
    '100.128.0.1',
    '172.32.0.1',
    '192.0.1.1',
    '2a04:4e42::223',
    '2606:4700::1111',
    '64:ff9b::808:808',
    '2002:808:808::1',
  ])
    t.equal(isPublicAddress(ip), true, ip)
  for (const ip of [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.7',
    '203.0.113.9',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    'fe80::1',
    'fe80::1%eth0',
    '2606:4700::1111%1',
    'fc00::1',
    'fd12:3456::1',
    'fec0::1',
    'ff02::1',
    '2001:db8::1',
    '2001::1',
    '3fff::1',
    '64:ff9b::7f00:1',
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2002:a00:1::1',
    '100::1',
    '',
    'localhost',
    '127.1',
    '0x7f.0.0.1',
    '1.1.1.1/8',
  ])
    t.equal(isPublicAddress(ip), false, ip)
})

t.test('a name is looked up to public addresses only', async t => {
  const look = promisify(lookupPublic)
  for (const all of [true, false])
    await t.rejects(look('localhost', { all }), { code: privateAddress })
  await t.rejects(look('no-such-host.invalid', {}), { code: /^(?:ENOTFOUND|EAI_AGAIN)$/ })
  t.strictSame(
    await new Promise(resolve => {
      lookupPublic('8.8.8.8', { all: true }, (...result) => resolve(result))
    }),
    [null, [{ address: '8.8.8.8', family: 4 }]],
  )
  t.strictSame(
    await new Promise(resolve => {
      lookupPublic('8.8.8.8', {}, (...result) => resolve(result))
    }),
    [null, '8.8.8.8', 4],
  )
})
