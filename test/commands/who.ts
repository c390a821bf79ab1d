import t, { type Test } from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { main } from '../../src/cli.ts'
import { Layout } from '../../src/disk/layout.ts'
import { Journal } from '../../src/journal/journal.ts'
import { makeWheel } from '../fixtures/dist.ts'
import { drop } from '../fixtures/indexes.ts'
import { MemoryLog, serve } from '../fixtures/serve.ts'
import { ask } from '../fixtures/wire.ts'

const run = async (t: Test, directory: string, ...args: string[]) => {
  const stdout = t.capture(process.stdout, 'write', () => true)
  const stderr = t.capture(process.stderr, 'write', () => true)
  const code = await main(['-d', directory, ...args])
  const [said, complained] = [stdout, stderr].map(calls =>
    calls()
      .map(({ args: [text] }) => String(text))
      .join(''),
  )
  stdout.restore()
  stderr.restore()
  return { code, stdout: said ?? '', stderr: complained ?? '' }
}

t.test('three clients fetched a release: three lines, while the server runs (need 42)', async t => {
  const bad = makeWheel({ name: 'litellm', version: '1.82.7' })
  const good = makeWheel({ name: 'litellm', version: '1.82.8' })
  const served = await serve(t)
  for (const { filename, bytes } of [bad, good]) await drop(served.directory, filename, bytes)
  for (const agent of ['pip/24.0 {"ci":true}', 'uv/0.9.1', 'curl/8.0'])
    await ask(served.url, `/packages/litellm/${bad.filename}`, { headers: { 'user-agent': agent } })
  await ask(served.url, `/packages/litellm/${good.filename}`)
  // Notes are collected for a moment: whoever asks too soon asks again.
  let told = await run(t, served.directory, 'who', 'litellm')
  while (told.stdout.split('\n').length < 5) told = await run(t, served.directory, 'who', 'litellm')
  const one = await run(t, served.directory, 'who', 'LiteLLM==1.82.7')
  t.equal(one.code, 0)
  const lines = one.stdout.trimEnd().split('\n')
  t.equal(lines.length, 3)
  for (const [place, agent] of ['pip/24.0', 'uv/0.9.1', 'curl/8.0'].entries()) {
    t.match(lines[place], /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ  127\.0\.0\.1 /)
    t.ok(lines[place]?.includes(agent))
    t.match(lines[place], /litellm-1\.82\.7-\S+\.whl  download$/)
  }
  const json = await run(t, served.directory, '--json', 'who', 'litellm==1.82.7')
  t.match(JSON.parse(json.stdout.split('\n')[0] ?? ''), {
    event: 'download',
    agent: 'pip/24.0 {"ci":true}',
    address: '127.0.0.1',
    project: 'litellm',
    version: '1.82.7',
    file: bad.filename,
  })
  t.match(await run(t, served.directory, 'who', 'litellm==9'), { code: 1, stdout: '' })
})

t.test('users, reverse proxies, parts and changes; nothing moves the cursor (X14)', async t => {
  const directory = directoryOf(t)
  const journal = new Journal(new Layout(directory), new MemoryLog())
  const project = 'acme-util'
  const entries = [
    { event: 'upload', user: 'ci', address: '192.0.2.7', agent: 'twine/6.1.0', file: 'a-1.tar.gz' },
    { event: 'yank', user: 'ann', change: 'broken \u001b[2J' },
    { event: 'download', address: '127.0.0.1', forwarded: '198.51.100.1', from: 12 },
    { event: 'upload', user: 'ci', index: 'alice/dev', file: 'a-1.tar.gz' },
  ]
  for (const entry of entries) await journal.record({ ...entry, project })
  const { stdout } = await run(t, directory, 'who', project)
  const [upload = '', yank = '', download = '', inIndex = ''] = stdout.trimEnd().split('\n')
  t.match(upload, /Z  ci at 192\.0\.2\.7 +twine\/6\.1\.0 +a-1\.tar\.gz  upload$/)
  t.match(yank, /Z  ann +- +acme-util  yank \(broken \\u001b\[2J\)$/)
  t.match(inIndex, /  alice\/dev\/a-1\.tar\.gz  upload$/)
  t.match(download, /127\.0\.0\.1 for 198\.51\.100\.1 .* download from byte 12$/)
})

t.test('one project must be named', async t => {
  const directory = directoryOf(t)
  t.match(await run(t, directory, 'who'), { code: 2, stderr: /who needs one PROJECT/ })
  t.match(await run(t, directory, 'who', 'a', 'b'), { code: 2 })
  t.match(await run(t, directory, 'who', '../x'), { code: 2, stderr: /is no project name/ })
  t.match(await run(t, directory, 'who', 'nothing-here'), { code: 1, stdout: '', stderr: '' })
})
