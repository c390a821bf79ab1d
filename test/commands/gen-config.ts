import { spawn, execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { buildProgram, freePort } from '../fixtures/cli.ts'
import { directoryOf } from '../fixtures/directory.ts'

const program = await buildProgram()

const get = async (url: string, headers: Record<string, string> = {}) => {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(10_000) })
  return { status: response.status, text: await response.text() }
}

t.test('files for the settings given; nothing is started, nothing overwritten (E17)', async t => {
  const directory = directoryOf(t)
  const env = { PROXYPYPI_PRIVATE: 'acme-* corp-*' }
  const args = ['-d', 'a cache', '-p', '3141', '--offline']
  const done = await program.run(directory, [...args, 'gen-config'], env)
  t.match(done, { code: 0, stdout: /written to .*gen-config; nothing was started/ }, done.stderr)
  const names = readdirSync(join(directory, 'gen-config'))
  t.equal(names.length, 7)
  for (const name of names) t.match(done.stdout, name)
  const cron = readFileSync(join(directory, 'gen-config', 'crontab'), 'utf8')
  for (const word of ['a cache', '--port=3141', '--no-proxy', "--private=acme-*'", 'corp-*'])
    t.ok(cron.includes(word), word)
  t.same(readdirSync(join(directory, 'a cache', '.proxypypi', 'run')), [], 'nothing runs')
  const again = await program.run(directory, [...args, 'gen-config'])
  t.match(again, { code: 1, stderr: /crontab: there already|crontab, .* there already/s })
  t.match(await program.run(directory, [...args, 'gen-config', '--force']), { code: 0 })
  t.match(await program.run(directory, ['gen-config', 'a', 'b']), { code: 2 })
  t.match(await program.run(directory, ['-p', '0', 'gen-config', 'c']), { code: 2 })
})

t.test('no file holds a password', async t => {
  const directory = directoryOf(t)
  const url = 'https://ci:secret@pypi.example/simple/'
  for (const [args, env] of [
    [['-i', url], {}],
    [[], { PROXYPYPI_INDEX_URL: url }],
  ] as const) {
    const refused = await program.run(directory, [...args, 'gen-config'], env)
    t.match(refused, { code: 2, stderr: /keep them in proxypypi.toml/ })
    t.notMatch(refused.stderr, /secret/)
  }
  t.same(readdirSync(directory), [])
})

t.test("cron's line starts the server, which nginx passes on (D23, E17, E18)", async t => {
  const root = directoryOf(t)
  const directory = join(root, "it's 100% $mine")
  const [port, front] = [await freePort(), await freePort()]
  const args = ['-d', directory, '-p', String(port), '-n', '--grace', '1']
  t.teardown(() => program.run(root, ['-d', directory, 'maybestop']))
  t.match(await program.run(root, [...args, 'gen-config', 'made']), { code: 0 })
  const file = (name: string) => readFileSync(join(root, 'made', name), 'utf8')
  const line =
    file('crontab')
      .split('\n')
      .find(line => line.startsWith('@reboot ')) ?? ''
  // What cron itself does with a line, and its poor environment.
  const command = line.slice('@reboot '.length).replaceAll(String.raw`\%`, '%')
  const env = { PATH: '/usr/bin:/bin', HOME: root }
  await promisify(execFile)('/bin/sh', ['-c', command], { cwd: root, env })
  t.equal((await get(`http://127.0.0.1:${port}/-/health`)).status, 200)
  writeFileSync(join(directory, 'six-1.0.tar.gz'), 'x')
  mkdirSync(join(root, 'logs'))
  const site = file('nginx-proxypypi.conf').replace('listen 80;', `listen 127.0.0.1:${front};`)
  writeFileSync(join(root, 'site.conf'), site)
  const main =
    'daemon off;\npid nginx.pid;\nevents {}\nhttp { access_log off; include site.conf; }\n'
  writeFileSync(join(root, 'nginx.conf'), main)
  const nginx = spawn('nginx', ['-p', `${root}/`, '-c', 'nginx.conf', '-e', 'stderr'])
  const missing = await Promise.race([
    once(nginx, 'spawn').then(() => false),
    once(nginx, 'error').then(() => true),
  ])
  if (missing) {
    t.comment('SKIPPED: there is no nginx here')
    return
  }
  const ended = once(nginx, 'exit')
  t.teardown(async () => {
    nginx.kill('SIGTERM')
    await ended
  })
  let answer: Awaited<ReturnType<typeof get>> | undefined
  while (answer === undefined && nginx.exitCode === null)
    answer = await get(`http://127.0.0.1:${front}/`, { accept: 'text/html' }).catch(() => undefined)
  t.equal(answer?.status, 200)
  t.ok(answer?.text.includes(`http://127.0.0.1:${front}/`), 'its pages name the front')
  const upload = await fetch(`http://127.0.0.1:${front}/`, { method: 'POST', body: new FormData() })
  t.equal(upload.status, 401, 'who comes through nginx is no client of this machine')
})
