import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import type { Test } from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { processIdentity } from '../../src/daemon/process.ts'
import { buildProgram, freePort } from '../fixtures/cli.ts'
import type { Ended } from '../fixtures/cli.ts'

const program = await buildProgram()

const pidIn = (path: string): number => Number(readFileSync(path, 'utf8').split('\n')[0])
const defaultPid = (directory: string): string =>
  join(directory, '.proxypypi', 'run', `${hostname()}.pid`)
const ask = (url: string | URL) => fetch(url, { signal: AbortSignal.timeout(5000) })
const health = async (port: number): Promise<number> =>
  (await ask(`http://127.0.0.1:${port}/-/health`)).status
const isRefused = (port: number): Promise<boolean> =>
  ask(`http://127.0.0.1:${port}/-/health`).then(
    () => false,
    () => true,
  )

// A process that nobody waits for stays as a zombie where pid 1 is no init.
const isAlive = async (pid: number): Promise<boolean> => (await processIdentity(pid)) !== undefined

const gone = async (pid: number): Promise<void> => {
  while (await isAlive(pid)) await new Promise(resolve => setTimeout(resolve, 10))
}

interface Place {
  readonly directory: string
  readonly port: number
  readonly pidFile: string
  readonly run: (...args: string[]) => Promise<Ended>
}

/** A test in a directory whose daemon ends with it. */
const inPlace = (body: (t: Test, place: Place) => Promise<void>) => async (t: Test) => {
  const directory = directoryOf(t)
  const port = await freePort()
  const args = ['-p', String(port), '-n', '--grace', '1']
  const run = (...more: string[]) => program.run(directory, [...args, ...more])
  try {
    await body(t, { directory, port, run, pidFile: defaultPid(directory) })
  } finally {
    await run('maybestop')
  }
}

t.test(
  'start, status, stop: every exit code tells the truth (P17, P18, needs 28)',
  inPlace(async (t, { directory, port, run, pidFile }) => {
    t.match(await run('status'), { code: 3, stdout: /^not running: no PID file/ })
    t.match(await run('stop'), { code: 0, stdout: /^not running/ })
    const started = await run('start')
    t.match(started, { code: 0, stderr: '' })
    t.match(
      started.stdout,
      new RegExp(`^proxypypi \\S+  http://127.0.0.1:${port}/   cache ${directory}\n`),
    )
    t.equal(await health(port), 200, 'it answers when start returns')
    const pid = pidIn(pidFile)
    t.ok(await isAlive(pid))
    t.match(await run('start'), {
      code: 1,
      stderr: new RegExp(`^proxypypi: already running: pid ${pid}, since 20`),
    })
    t.match(await run('condstart'), { code: 0 })
    t.equal(pidIn(pidFile), pid)
    t.match(await run('status'), { code: 0, stdout: new RegExp(`^running: pid ${pid}, since 20`) })
    const json = JSON.parse((await run('--json', 'status')).stdout) as object
    t.match(json, {
      state: 'running',
      pid,
      isAnswering: true,
      url: `http://127.0.0.1:${port}/`,
      cache: directory,
    })
    const before = performance.now()
    t.match(await run('stop'), { code: 0, stdout: `stopped, pid ${pid}\n` })
    t.ok(performance.now() - before < 2000, 'an idle daemon ends at once')
    t.notOk(await isAlive(pid))
    t.notOk(existsSync(pidFile))
    t.ok(await isRefused(port))
    t.match(
      readFileSync(join(pidFile, '..', `${hostname()}.out`), 'utf8'),
      /^proxypypi started at 20/,
    )
    const log = readFileSync(join(pidFile, '..', `${hostname()}.log`), 'utf8')
    t.match(log, / info started version=/)
    t.match(log, / info stopped signal=SIGTERM/)
    t.notMatch(log, /health/)
  }),
)

t.test('commands beside a daemon take the options of its start (P23, N9)', async t => {
  const directory = directoryOf(t)
  const asked: (string | undefined)[] = []
  const upstream = createServer((request, response) => {
    asked.push(request.url)
    response.setHeader('content-type', 'text/html')
    response.end('<!DOCTYPE html><a href="leaf_lib-1.0.tar.gz">leaf_lib-1.0.tar.gz</a>')
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const { port } = upstream.address() as AddressInfo
  const run = (...args: string[]) => program.run(directory, args)
  try {
    const options = ['-p', '0', '-i', `http://127.0.0.1:${port}/`, '--private', 'acme-*']
    t.equal((await run(...options, 'start')).code, 0)
    t.match(await run('refresh', 'leaf-lib'), { code: 0, stdout: /leaf-lib: renewed/ })
    const mine = await run('explain', 'acme-util')
    t.match(mine.stdout, /owner +private/)
    t.same(asked, ['/simple/leaf-lib/'], 'what is private to the daemon stays so')
    t.match((await run('--private', 'leaf-*', 'explain', 'leaf-lib')).stdout, /owner +private/)
  } finally {
    await run('maybestop')
    upstream.close()
  }
})

t.test(
  'a daemon that was killed never blocks the next start',
  inPlace(async (t, { port, run, pidFile }) => {
    await run('start')
    const first = pidIn(pidFile)
    process.kill(first, 'SIGKILL')
    await gone(first)
    t.match(await run('status'), { code: 1, stdout: /removed the stale PID file/ })
    t.match(await run('status'), { code: 3 })
    await run('start')
    const second = pidIn(pidFile)
    process.kill(second, 'SIGKILL')
    await gone(second)
    t.match(await run('start'), { code: 0 }, 'without a status in between too')
    t.not(pidIn(pidFile), second)
    t.equal(await health(port), 200)
  }),
)

t.test(
  'a pid that belongs to somebody else now is left alone (fault S32)',
  inPlace(async (t, { run, pidFile }) => {
    const other = spawn('sleep', ['60'])
    await once(other, 'spawn')
    t.teardown(() => other.kill('SIGKILL'))
    await run('start')
    const text = readFileSync(pidFile, 'utf8')
    await run('stop')
    writeFileSync(pidFile, text.replace(/^\d+/, String(other.pid)))
    t.match(await run('stop'), { code: 0, stdout: /^not running/ })
    writeFileSync(pidFile, text.replace(/^\d+/, String(other.pid)))
    t.match(await run('status'), { code: 1 })
    writeFileSync(pidFile, text.replace(/^\d+/, String(other.pid)))
    t.match(await run('forcerestart'), { code: 0 })
    t.ok(await isAlive(other.pid ?? 0))
  }),
)

t.test(
  'garbage in the PID file stops every command and is kept',
  inPlace(async (t, { directory, run }) => {
    const path = join(directory, 'precious.txt')
    writeFileSync(path, 'precious\n')
    for (const [command, code] of [
      ['start', 1],
      ['condstart', 1],
      ['stop', 1],
      ['restart', 1],
      ['maybestop', 0],
    ] as const) {
      t.match(
        await run('-P', path, command),
        { code, stderr: /precious\.txt is no PID file/ },
        command,
      )
    }
    t.match(await run('-P', path, 'status'), { code: 4, stdout: /^cannot tell/ })
    t.equal(readFileSync(path, 'utf8'), 'precious\n')
  }),
)

t.test(
  'relative paths are relative to the caller (P24)',
  inPlace(async (t, { directory, run }) => {
    const files = ['-d', 'cache', '-P', 'a.pid', '-l', 'a.log', '-o', 'a.out']
    t.match(await run(...files, 'start'), { code: 0 })
    t.strictSame(readdirSync(directory).toSorted(), ['a.log', 'a.out', 'a.pid', 'cache'])
    t.match(await run(...files, 'stop'), { code: 0, stdout: /^stopped/ })
  }),
)

t.test(
  'a busy port is reported by start itself, with its owner (fault S36)',
  inPlace(async (t, { directory, port, run, pidFile }) => {
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => server.close())
    for (const command of [
      ['start'],
      ['run'],
      ['--workers', '2', 'start'],
      ['--workers', '2', 'run'],
    ]) {
      const ended = await run(...command)
      t.match(ended, { code: 1, stdout: '' }, command.join(' '))
      t.match(
        ended.stderr,
        new RegExp(
          `^proxypypi: port ${port} on 127.0.0.1 is taken by pid ${process.pid} .*; choose another with --port\n$`,
        ),
      )
    }
    t.notOk(existsSync(pidFile))
    t.ok(existsSync(directory))
  }),
)

t.test(
  'two starts at one moment: one daemon',
  inPlace(async (t, { port, run }) => {
    const ends = await Promise.all([run('start'), run('start'), run('-p', '0', 'start')])
    t.equal(ends.filter(({ code }) => code === 0).length, 1)
    for (const { code, stderr } of ends)
      if (code !== 0) t.match(stderr, /already running|is taken by/)
    t.match(await run('status'), { code: 0 })
    t.ok(port)
  }),
)

t.test(
  'restart takes the recorded options, and those given on top',
  inPlace(async (t, { directory, run, pidFile }) => {
    const first = await freePort()
    await program.run(directory, [
      '-d',
      '.',
      '-p',
      String(first),
      '-n',
      '--log-format',
      'json',
      'start',
    ])
    const old = pidIn(pidFile)
    const restart = (...args: string[]) => program.run('/', ['-d', directory, ...args])
    t.match(await restart('restart'), { code: 0 })
    t.not(pidIn(pidFile), old)
    t.equal(await health(first), 200, 'the port is as before')
    const second = await freePort()
    t.match(await restart('-p', String(second), 'forcerestart'), { code: 0 })
    t.equal(await health(second), 200)
    t.ok(await isRefused(first))
    const running = pidIn(pidFile)
    t.match(await restart('-p', 'x', 'restart'), { code: 2 })
    t.equal(pidIn(pidFile), running, 'a mistake stops nothing')
    await run('stop')
    t.match(
      await restart('-p', String(first), '-n', 'restart'),
      { code: 0 },
      'nothing running: it starts',
    )
  }),
)

t.test(
  'credentials are in no command line, PID file or log (fault X15)',
  inPlace(async (t, { directory, run, pidFile }) => {
    const url = 'https://user:hushhush@h.invalid/simple'
    t.match(await run('-i', url, '--workers', '2', 'start'), { code: 0 })
    const { stdout } = await promisify(execFile)('ps', ['-eo', 'args'])
    t.notMatch(stdout, /hushhush/)
    for (const name of readdirSync(join(pidFile, '..'))) {
      t.notMatch(readFileSync(join(pidFile, '..', name), 'utf8'), /hushhush/, name)
    }
    const pid = pidIn(pidFile)
    t.notMatch(readFileSync(`/proc/${pid}/environ`, 'utf8'), /hushhush/)
    const again = await program.run(directory, ['restart'])
    t.match(again, {
      code: 1,
      stderr: /credentials on its command line, which are not kept; give --index-url again/,
    })
    t.ok(await isAlive(pid))
    t.match(await program.run(directory, ['-i', url, 'restart']), { code: 0 })
  }),
)

t.test(
  'HUP opens the log again, in the primary and in the workers (fault C37)',
  inPlace(async (t, { directory, port, run, pidFile }) => {
    const path = join(directory, 'a.log')
    await run('-l', path, '--workers', '2', 'start')
    renameSync(path, `${path}.1`)
    process.kill(pidIn(pidFile), 'SIGHUP')
    while (!existsSync(path)) await new Promise(resolve => setTimeout(resolve, 10))
    for (let count = 0; count < 4; count++) await ask(`http://127.0.0.1:${port}/simple/`)
    await run('stop')
    t.match(readFileSync(path, 'utf8'), /info stopped/)
  }),
)

t.test(
  'USR1 opens no debugger, in the primary nor in a worker (fault C37)',
  inPlace(async (t, { port, run, pidFile }) => {
    await run('start')
    const primary = pidIn(pidFile)
    const children = readFileSync(`/proc/${primary}/task/${primary}/children`, 'utf8').trim()
    for (const pid of [primary, ...children.split(' ').map(Number)]) process.kill(pid, 'SIGUSR1')
    t.equal(await health(port), 200)
    await run('stop')
    const said = readFileSync(join(pidFile, '..', `${hostname()}.out`), 'utf8')
    t.match(said, /^proxypypi started at .*\n$/)
  }),
)

t.test(
  'a worker that dies is replaced on the same port, and counts go on',
  inPlace(async (t, { directory, run, pidFile }) => {
    await run('-p', '0', 'start')
    const primary = pidIn(pidFile)
    const { url } = JSON.parse((await run('--json', 'status')).stdout) as { url: string }
    const children = readFileSync(`/proc/${primary}/task/${primary}/children`, 'utf8').trim()
    process.kill(Number(children), 'SIGKILL')
    await gone(Number(children))
    let status = 0
    while (status === 0)
      status = await ask(new URL('-/health', url)).then(
        got => got.status,
        () => 0,
      )
    t.equal(status, 200)
    t.match(await run('status'), { code: 0 })
    t.match(
      readFileSync(join(directory, '.proxypypi/run', `${hostname()}.log`), 'utf8'),
      /error worker ended ending=SIGKILL restart=100ms/,
    )
  }),
)

t.test('run says where it is, serves, and ends with 0 within 2 s (P14)', async t => {
  const directory = directoryOf(t, { 'six-1.0.tar.gz': 'x' })
  mkdirSync(join(directory, 'six'))
  for (const workers of ['1', '2']) {
    const args = ['-p', '0', '--workers', workers, '-i', 'https://h.invalid', 'run']
    const running = program.begin(directory, args)
    const text = await running.said(/uv add/)
    t.match(text.split('\n'), [
      /^proxypypi \S+ {2}http:\/\/127\.0\.0\.1:\d+\/ {3}cache .* \((?:more than )?1 file, 1 B\)$/,
      /^upstream {2}h {2}https:\/\/h\.invalid\/simple\/$/,
      /^ {2}pip install --index-url http:\/\/127\.0\.0\.1:\d+\/simple\/ PACKAGE$/,
      /^ {2}uv add --default-index http:\/\/127\.0\.0\.1:\d+\/simple\/ PACKAGE$/,
    ])
    const [url = ''] = /http:\S+/.exec(text) ?? []
    t.equal((await ask(new URL('local/', url))).status < 500, true)
    const before = performance.now()
    running.child.kill(workers === '1' ? 'SIGINT' : 'SIGTERM')
    const { code, stdout, stderr } = await running.ended
    t.equal(code, 0)
    t.equal(stderr, '')
    t.ok(performance.now() - before < 2000)
    t.match(stdout, / GET \/local\/ /, 'and logs to standard output')
  }
  t.notOk(existsSync(defaultPid(directory)), 'run writes no PID file')
})

t.test('run outlives a closed standard output and HUP (fault C37)', async t => {
  const port = await freePort()
  const running = program.begin(directoryOf(t), ['-p', String(port), '-n', 'run'])
  await running.said(/uv add/)
  running.child.stdout?.destroy()
  for (let count = 0; count < 3; count++) await ask(`http://127.0.0.1:${port}/local/`)
  running.child.kill('SIGHUP')
  running.child.kill('SIGPIPE')
  t.equal(await health(port), 200)
  running.child.kill('SIGTERM')
  t.equal((await running.ended).code, 0)
})
