import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { nginxSite } from '../../src/deploy/nginx.ts'
import { freePort } from '../fixtures/cli.ts'
import { deploymentOver, judged } from './fixtures/deployment.ts'

t.test('nginx -t accepts the site (E17)', async t => {
  const directory = t.testdir()
  await mkdir(join(directory, 'logs'))
  // Only root may listen on 80.
  const port = await freePort()
  for (const outside of [undefined, new URL('https://pypi.corp.example/our/pypi/')]) {
    const site = nginxSite(deploymentOver('/srv/pypi', { bind: '::' }, { outside }))
    await writeFile(join(directory, 'site.conf'), site.replace('listen 80;', `listen ${port};`))
    const main = 'events {}\npid nginx.pid;\nhttp { access_log off; include site.conf; }\n'
    await writeFile(join(directory, 'nginx.conf'), main)
    const args = ['-t', '-q', '-p', `${directory}/`, '-c', 'nginx.conf', '-e', 'stderr']
    const found = await judged('nginx', args)
    if (found === undefined) t.comment('SKIPPED: there is no nginx here')
    else t.match(found, { code: 0 }, found.output)
  }
})

const target = (bind: string) =>
  /^ {4}server (.*);$/m.exec(nginxSite(deploymentOver('/srv', { bind, port: 3141 })))?.[1]

t.test('it passes on to where the server is found from here', t => {
  t.equal(target('127.0.0.1'), '127.0.0.1:3141')
  t.equal(target('0.0.0.0'), '127.0.0.1:3141')
  t.equal(target('::'), '[::1]:3141')
  t.equal(target('fe80::1'), '[fe80::1]:3141')
  t.equal(target('pypi.corp.example'), 'pypi.corp.example:3141')
  t.end()
})

t.test('where clients see it decides name and prefix', t => {
  const outside = new URL('https://pypi.corp.example:8443/our/pypi')
  const site = nginxSite(deploymentOver('/srv', {}, { outside }))
  t.match(site, /^ {4}server_name pypi\.corp\.example;$/m)
  t.match(site, /^ {4}location \/our\/pypi\/ \{$/m)
  t.match(site, /proxy_set_header X-Forwarded-Prefix \/our\/pypi;/)
  const odd = new URL('https://pypi.corp.example/a;b/')
  t.throws(() => nginxSite(deploymentOver('/srv', {}, { outside: odd })), /expects a path/)
  t.end()
})

t.test('nobody in front can pose as a client of this machine', t => {
  const site = nginxSite(deploymentOver('/srv'))
  t.match(site, /proxy_set_header X-Forwarded-For \$remote_addr;/)
  t.match(site, /proxy_set_header Forwarded "";/)
  t.end()
})
