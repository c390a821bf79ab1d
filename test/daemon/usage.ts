import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { isAnswering } from '../../src/daemon/health.ts'
import { portOwner } from '../../src/daemon/port-owner.ts'
import { measureUsage } from '../../src/daemon/usage.ts'

t.test('files of projects are counted, our own are not', async t => {
  const directory = t.testdir({
    'a-1.0.tar.gz': '12345',
    six: { 'six-1.0.tar.gz': '123' },
    '@alice': { dev: { x: { 'x-1.whl': '1' } } },
    '.proxypypi': { keep: { f: '123456789' } },
    'proxypypi.toml': 'x',
    link: t.fixture('symlink', '/etc'),
  })
  t.strictSame(await measureUsage(directory, 5000), { files: 3, bytes: 9, complete: true })
  t.match(await measureUsage(directory, 0), { files: 1, complete: false }, 'when the time is up')
  t.match(await measureUsage('/none/such', 5000), { files: 0, complete: true })
})

t.test('who has a port, and whether it answers', async t => {
  const server = createServer((request, response) => {
    if (request.url === '/-/health') response.end('ok')
    else response.writeHead(404).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  t.match(await portOwner(port), new RegExp(`^pid ${process.pid} \\(`))
  t.equal(await isAnswering(`http://127.0.0.1:${port}/`, 5000), true)
  t.equal(await isAnswering(`http://127.0.0.1:${port}/below/`, 5000), false)
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  t.equal(await isAnswering(`http://127.0.0.1:${port}/`, 5000), false)
  t.equal(await portOwner(port), undefined)
})
