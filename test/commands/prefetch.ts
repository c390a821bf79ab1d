import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { ProgressLine } from '../../src/commands/progress-line.ts'
import { buildProgram } from '../fixtures/cli.ts'
import { makeWheel } from '../fixtures/dist.ts'
import { startUpstream, type Upstream } from '../fixtures/upstream.ts'

const program = await buildProgram()

const app = makeWheel({ name: 'app', version: '1.0', requires: ['leaf'] })
const leaf = makeWheel({ name: 'leaf', version: '1.0' })

interface Place {
  readonly directory: string
  readonly upstream: Upstream
  readonly run: (...args: string[]) => ReturnType<typeof program.run>
}

const place = async (t: Test, requirements = 'app\n'): Promise<Place> => {
  const upstream = await startUpstream(t, { form: 'json' })
  for (const { filename, bytes, metadata } of [app, leaf])
    upstream.project(filename.split('-')[0] ?? '', [{ filename, bytes, metadata }])
  const directory = directoryOf(t, { 'requirements.txt': requirements })
  const url = upstream.url.href
  return {
    directory,
    upstream,
    run: (...args) => program.run(directory, ['-i', url, ...args]),
  }
}

t.test('prefetch fills the cache, and says what it did (need 18)', async t => {
  const { run, upstream } = await place(t)
  const first = await run('prefetch', '--python', '3.12', 'requirements.txt')
  t.match(first, { code: 0, stdout: /^2 files, 2 fetched \(.+B\), 0 were here\n$/, stderr: '' })
  const asked = upstream.requests.length
  const second = await run('prefetch', '--python', '3.12', 'requirements.txt')
  t.match(second, { code: 0, stdout: '2 files, 0 fetched (0 B), 2 were here\n' })
  t.equal(upstream.requests.length, asked, 'upstream is not asked again')
  await upstream.down()
  const listed = await run('--offline', 'ls')
  t.match(listed.stdout, /app-1\.0-.*\n.*leaf-1\.0-/)
})

t.test('--json tells of each file and line', async t => {
  const { run } = await place(t, 'app\nmissing\n-e .\n')
  const { code, stdout } = await run('--json', 'prefetch', '--python', '3.12', 'requirements.txt')
  t.equal(code, 1)
  t.match(JSON.parse(stdout), {
    input: 'requirements.txt',
    files: [{ filename: app.filename, fetched: true }, { filename: leaf.filename }],
    lines: [
      { line: 'app', place: 'requirements.txt:1', files: [app.filename], failures: [] },
      { line: 'missing', files: [], failures: [/no project missing/] },
    ],
    unparseable: [{ place: 'requirements.txt:3' }],
  })
})

t.test('what fails is named on one line each, and the exit code is 1', async t => {
  const { run } = await place(t, 'app\nmissing\nleaf>2\n')
  const { code, stdout, stderr } = await run('prefetch', '--python', '3.12', 'requirements.txt')
  t.equal(code, 1)
  t.equal(stderr.trimEnd().split('\n').length, 2)
  t.match(stderr, /requirements.txt:2: there is no project missing/)
  t.match(stderr, /requirements.txt:3: no version of leaf is within >2, the newest is 1\.0/)
  t.match(stdout, /^2 files, .*, 2 failures\n$/)
})

t.test('standard input, as of pip freeze', async t => {
  const { directory, upstream } = await place(t)
  const args = [program.file, '-i', upstream.url.href, 'prefetch', '-', '--python', '3.12']
  const child = spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, ...args], { cwd: directory })
  child.stdin.end('leaf==1.0\n')
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  t.equal(code, 0)
  t.match(stdout, /^1 file, 1 fetched/)
})

t.test('without --python it is for the python3 of this machine, or the newest', async t => {
  const { run } = await place(t)
  t.match(await run('prefetch', 'requirements.txt'), { code: 0, stdout: /^2 files/ })
})

t.test('usage', async t => {
  const { run, directory } = await place(t)
  t.match(await run('prefetch'), { code: 2, stderr: /needs a FILE/ })
  t.match(await run('prefetch', 'no-such.txt'), { code: 2, stderr: /no-such.txt cannot be read/ })
  const python = await run('prefetch', '--python', 'snake', 'requirements.txt')
  t.match(python, { code: 2, stderr: /unknown Python "snake"/ })
  const platform = await run('prefetch', '--platform', 'toaster', 'requirements.txt')
  t.match(platform, { code: 2, stderr: /unknown platform "toaster"/ })
  await writeFile(join(directory, 'uv.lock'), 'no toml [')
  t.match(await run('prefetch', 'uv.lock'), { code: 2, stderr: /uv.lock is no TOML/ })
})

const screen = (isTTY: boolean) => {
  const written: string[] = []
  return { isTTY, written, write: (text: string) => written.push(text) }
}

t.test('the progress line is drawn on terminals only', async t => {
  const terminal = screen(true)
  const line = new ProgressLine(terminal)
  line.show({ projects: 5, wanted: 4, done: 2, bytes: 1_500_000 })
  line.show({ projects: 5, wanted: 4, done: 3, bytes: 1_500_000 })
  line.clear()
  line.clear()
  t.equal(terminal.written.length, 2, 'not more often than anybody can read, and wiped once')
  t.match(terminal.written[0], /^\r\[=+> +\] 2 of 4 files, 1\.5 MB fetched/)
  const pipe = screen(false)
  const silent = new ProgressLine(pipe)
  silent.show({ projects: 5, wanted: 4, done: 2, bytes: 0 })
  silent.clear()
  t.same(pipe.written, [])
})
