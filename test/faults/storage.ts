/**
 * Disks that are full, read-only or broken, and directories in which things are damaged or missing:
 * nothing served is wrong, and it heals without anybody's help.
 */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import disk, * as promises from 'node:fs/promises'
import {
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { makeSdist, makeWheel, type Dist } from '../fixtures/dist.ts'
import { checked, listing, projects, sha256 } from '../fixtures/listing.ts'
import * as serving from '../fixtures/serve.ts'
import { upload } from '../fixtures/publishing.ts'
import { upstreamAt, type Served, type Test } from '../fixtures/serve.ts'
import { startUpstream, type Upstream } from '../fixtures/upstream.ts'

const run = promisify(execFile)

const wheels = [1, 2, 3, 4].map(version =>
  makeWheel({ name: 'demo', version: `${version}.0`, size: 300_000 + version }),
)
const [first, second, third] = wheels as [Dist, Dist, Dist]
const right = (...dists: Dist[]) =>
  Object.fromEntries(dists.map(({ filename }) => [filename, 'right']))

const withUpstream = async (t: Test): Promise<Upstream> => {
  const upstream = await startUpstream(t)
  upstream.project(
    'demo',
    wheels.map(({ filename, bytes }) => ({ filename, bytes })),
  )
  return upstream
}

const setUp = async (t: Test, settings: Parameters<typeof serving.serve>[1] = {}) => {
  const upstream = await withUpstream(t)
  const served = await serving.serve(t, {
    upstreams: [upstreamAt(upstream.url.href)],
    ...settings,
  })
  const own = (path: string) => join(served.directory, '.proxypypi', path)
  return { upstream, served, own }
}

/** What a client has: status, and whether the bytes are right. */
const got = async (served: Served, upstream: Upstream, { filename, bytes }: Dist) => {
  try {
    const response = await served.get(upstream.path(filename))
    const received = Buffer.from(await response.arrayBuffer())
    if (response.status !== 200) return String(response.status)
    return received.equals(bytes) ? 'right' : 'wrong'
  } catch {
    return 'broken'
  }
}

/** Parts and temporary files that stay, when nothing is being written any more. */
const leftOver = async (directory: string): Promise<string[]> => {
  let found = await aside(directory)
  for (let turn = 0; turn < 1500 && found.length > 0; turn += 1) {
    await new Promise(resolve => setTimeout(resolve, 10))
    found = await aside(directory)
  }
  return found
}

const aside = async (directory: string): Promise<string[]> => {
  const found: string[] = []
  for (const place of ['parts', 'tmp'])
    for (const entry of await readdir(join(directory, '.proxypypi/work', place), {
      recursive: true,
      withFileTypes: true,
    }).catch(() => []))
      if (entry.isFile()) found.push(entry.name)
  return found
}

const isRoot = process.getuid?.() === 0

/** A small disk of its own, where one can be had. */
const smallDisk = async (t: Test, size: string): Promise<string | undefined> => {
  if (!isRoot) return undefined
  const directory = await promises.mkdtemp(join(tmpdir(), 'proxypypi-'))
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory])
  } catch {
    await promises.rmdir(directory)
    return undefined
  }
  t.teardown(async () => {
    await run('umount', ['-l', directory])
    await promises.rmdir(directory)
  })
  return directory
}

t.test(
  'a full disk: held files are served, others are refused, and it heals (S06, S07, S08)',
  async t => {
    const directory = await smallDisk(t, '2m')
    if (directory === undefined) {
      t.comment('SKIPPED: no disk can be mounted here')
      return
    }
    const { served, upstream } = await setUp(t, { directory })
    t.equal(await got(served, upstream, first), 'right')
    const filler = join(directory, 'filler')
    const { bavail, bsize } = await promises.statfs(directory)
    await writeFile(filler, Buffer.alloc(bavail * bsize - 150_000))
    for (const wheel of [second, third])
      t.ok(
        ['507', 'broken'].includes(await got(served, upstream, wheel)),
        'in the middle of a download',
      )
    await promises.appendFile(filler, Buffer.alloc(1_000_000)).catch(() => {})
    t.ok(['507', 'broken'].includes(await got(served, upstream, second)), 'already full')
    t.equal(await got(served, upstream, first), 'right')
    t.equal((await listing(served.url, 'demo')).status, 200)
    t.equal((await served.get('-/ready')).status, 503)
    t.equal((await served.get('-/health')).status, 200)
    t.same(await leftOver(directory), [], 'nothing partial stays')
    t.same(await readdir(join(directory, 'demo')), [first.filename])
    await rm(filler)
    t.same(await checked(await listing(served.url, 'demo')), right(...wheels), 'space came back')
    t.equal((await served.get('-/ready')).status, 200)
  },
)

t.test('a page that cannot be written is served all the same (S07)', async t => {
  const directory = await smallDisk(t, '1m')
  if (directory === undefined) {
    t.comment('SKIPPED: no disk can be mounted here')
    return
  }
  const { served, upstream } = await setUp(t, { directory })
  await promises.writeFile(join(directory, 'filler'), Buffer.alloc(2_000_000)).catch(() => {})
  t.equal((await listing(served.url, 'demo')).names.length, 4)
  await upstream.down()
  t.equal((await listing(served.url, 'demo')).names.length, 4)
})

// It is busy until the last file that was written to is closed.
const remountReadOnly = async (directory: string): Promise<void> => {
  for (let turn = 0; ; turn += 1)
    try {
      await run('mount', ['-o', 'remount,ro', directory])
      return
    } catch (error) {
      if (turn === 100) throw error
      await new Promise(resolve => setTimeout(resolve, 10))
    }
}

t.test('a read-only disk under a running server and at its start (S09)', async t => {
  const directory = await smallDisk(t, '8m')
  if (directory === undefined) {
    t.comment('SKIPPED: no disk can be mounted here')
    return
  }
  const { served, upstream } = await setUp(t, { directory })
  t.equal(await got(served, upstream, first), 'right')
  await remountReadOnly(directory)
  const check = async (server: Served) => {
    t.equal(await got(server, upstream, first), 'right')
    t.equal((await listing(server.url, 'demo')).names.length, 4)
    t.equal(await got(server, upstream, second), '500')
    t.equal((await server.get('-/ready')).status, 503)
  }
  await check(served)
  await check(await serving.serve(t, { directory, upstreams: [upstreamAt(upstream.url.href)] }))
  await run('mount', ['-o', 'remount,rw', directory])
  t.same(await checked(await listing(served.url, 'demo')), right(...wheels))
})

const provoked = (code: string) => Object.assign(new Error(`${code}: provoked`), { code })

const failing = (code: string) => (): Promise<never> => Promise.reject(provoked(code))

/** Lets one operation on parts fail while `isFailing`, in everything that runs in this process. */
const breakDisk = (t: Test, operation: 'sync' | 'write' | 'rename' | 'open', code: string) => {
  const state = { isFailing: true }
  const { open, rename } = disk
  const { renameSync } = fs
  const fails = (path: unknown, what: string) =>
    state.isFailing && what === operation && String(path).includes('/work/parts/')
  disk.open = async (...args) => {
    if (fails(args[0], 'open')) return failing(code)()
    const handle = await open(...args)
    if (fails(args[0], 'sync')) handle.sync = failing(code)
    if (fails(args[0], 'write')) handle.write = handle.writev = failing(code)
    return handle
  }
  disk.rename = (from, to) => (fails(from, 'rename') ? failing(code)() : rename(from, to))
  fs.renameSync = (from, to) => {
    if (fails(from, 'rename')) throw provoked(code)
    renameSync(from, to)
  }
  syncBuiltinESMExports()
  t.teardown(() => {
    Object.assign(disk, { open, rename })
    Object.assign(fs, { renameSync })
    syncBuiltinESMExports()
  })
  return state
}

t.test(
  'EIO, EROFS, EXDEV and EMFILE while a file is fetched: that file fails, no other (S11, S12, S13)',
  async t => {
    for (const [operation, code, statuses] of [
      ['sync', 'EIO', ['500', 'broken']],
      ['rename', 'EIO', ['500', 'broken']],
      ['rename', 'EXDEV', ['500', 'broken']],
      ['write', 'EIO', ['500']],
      ['write', 'ENOSPC', ['507']],
      ['open', 'EROFS', ['500']],
      ['open', 'EMFILE', ['503']],
    ] as const)
      await t.test(`${code} of ${operation}`, async t => {
        const { upstream, served } = await setUp(t)
        const state = breakDisk(t, operation, code)
        const result = await got(served, upstream, first)
        t.ok((statuses as readonly string[]).includes(result), result)
        t.same(await leftOver(served.directory), [])
        t.same(await readdir(join(served.directory, 'demo')).catch(() => []), [])
        t.equal((await listing(served.url, 'demo')).names.length, 4)
        state.isFailing = false
        t.equal(await got(served, upstream, first), 'right', 'healed')
      })
  },
)

const isFact = (data: unknown) => typeof data === 'string' && data.startsWith('{"kind":"mirrored"')

/** Lets one operation on a file of so many bytes fail that is written at once. */
const breakSmall = (
  t: Test,
  operation: 'write' | 'rename' | 'write of the fact',
  code: string,
  bytes: number,
) => {
  const state = { isFailing: true }
  const { writeFileSync, renameSync } = fs
  fs.writeFileSync = (file, data, options) => {
    const fails =
      operation === 'write' ?
        Buffer.byteLength(data) === bytes
      : operation === 'write of the fact' && isFact(data)
    if (state.isFailing && fails) throw provoked(code)
    writeFileSync(file, data, options)
  }
  fs.renameSync = (from, to) => {
    const fails = state.isFailing && operation === 'rename'
    if (fails && fs.statSync(from).size === bytes) throw provoked(code)
    renameSync(from, to)
  }
  syncBuiltinESMExports()
  t.teardown(() => {
    Object.assign(fs, { writeFileSync, renameSync })
    syncBuiltinESMExports()
  })
  return state
}

t.test('the same of a small file, which is received in memory', async t => {
  const tiny = makeWheel({ name: 'tiny', version: '1.0', size: 20_000 })
  const { filename, bytes } = tiny
  for (const [operation, code, status] of [
    ['write', 'EIO', '500'],
    ['write', 'ENOSPC', '507'],
    ['rename', 'EIO', '500'],
    ['write of the fact', 'EIO', '500'],
  ] as const)
    await t.test(`${code} of ${operation}`, async t => {
      const { upstream, served } = await setUp(t)
      upstream.project('tiny', [{ filename, bytes }])
      const state = breakSmall(t, operation, code, bytes.length)
      t.equal(await got(served, upstream, tiny), status)
      t.same(await leftOver(served.directory), [])
      t.same(await readdir(join(served.directory, 'tiny')).catch(() => []), [])
      state.isFailing = false
      t.equal(await got(served, upstream, tiny), 'right', 'healed')
    })
})

/** The writing calls of this process while something is done; undefined where none can be seen. */
const callsOf = async (directory: string, work: () => Promise<void>) => {
  const trace = join(directory, '.trace')
  const tracing = execFile('strace', [
    '-fy',
    `-o${trace}`,
    `-p${process.pid}`,
    '-etrace=write,pwrite64,fsync,fdatasync,rename,link,mkdir,sendto,writev',
  ])
  await new Promise<void>(resolve => {
    tracing.stderr?.on('data', (data: Buffer) => {
      if (data.toString().includes('attached')) resolve()
    })
    tracing.once('error', () => resolve())
    tracing.once('exit', () => resolve())
  })
  await work()
  const ended = new Promise(resolve => tracing.once('exit', resolve))
  if (tracing.kill('SIGINT')) await ended
  const calls = (await readFile(trace, 'utf8').catch(() => '')).split('\n')
  return calls.some(call => call.includes('rename(')) ? calls : undefined
}

const literally = (path: string) => path.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

t.test('write, fsync, rename, in this order (S05)', async t => {
  const { served, upstream } = await setUp(t)
  const calls = await callsOf(served.directory, async () => {
    t.equal(await got(served, upstream, first), 'right')
  })
  if (calls === undefined) {
    t.comment('SKIPPED: no strace here, or it may not attach')
    return
  }
  // A call that another thread interrupts is printed twice; its beginning tells most.
  const place = (what: RegExp) => calls.findIndex(call => what.test(call))
  const part = `${first.filename}/[^>"]*`
  const published = place(
    new RegExp(`rename\\("[^"]*/work/parts/[^"]*${part}", "[^"]*/demo/${first.filename}"`),
  )
  const named = /rename\("([^"]*\/work\/tmp\/[^"]*)", "[^"]*\/keep\/facts\/[^"]*"/
  const factRenamed = place(named)
  const written = calls.findLastIndex(call =>
    new RegExp(`write(64)?\\(\\d+<[^>]*/work/parts/[^>]*${part}>`).test(call),
  )
  const synced = place(new RegExp(`f(data)?sync\\(\\d+<[^>]*/work/parts/[^>]*${part}>`))
  t.ok(published > 0 && factRenamed > 0 && written > 0 && synced > 0)
  t.ok(written < synced, 'write before fsync')
  t.ok(synced < published, 'the file is durable before it has its name')
  t.ok(factRenamed < published, 'the fact is there before the file')
  // The server's own small files from its start may still be written: only this one counts.
  const fact = literally(named.exec(calls[factRenamed] ?? '')?.[1] ?? 'none')
  const factSynced = place(new RegExp(`fsync\\(\\d+<${fact}>`))
  t.ok(factSynced > 0 && factSynced < factRenamed, 'and its content is durable')
})

t.test('an upload and its directories are durable before it is answered (S05)', async t => {
  const { served } = await setUp(t)
  const calls = await callsOf(served.directory, async () => {
    t.equal((await upload(served.url, second)).status, 200)
  })
  if (calls === undefined) {
    t.comment('SKIPPED: no strace here, or it may not attach')
    return
  }
  const link = new RegExp(`link\\("([^"]*/work/tmp/[^"]*)", "[^"]*/demo/${second.filename}"`)
  const linked = calls.findIndex(call => link.test(call))
  const file = link.exec(calls[linked] ?? '')?.[1] ?? 'none'
  const write = new RegExp(`write(64)?\\(\\d+<${literally(file)}>`)
  const written = calls.findLastIndex(call => write.test(call))
  const answered = calls.findLastIndex(call =>
    /(?:write|writev|sendto)\(.*HTTP\/1\.1 200/.test(call),
  )
  t.ok(written > 0 && linked > written && answered > linked, `${written} ${linked} ${answered}`)
  const synced = (what: string, from: number, to: number) =>
    calls.some((call, at) => at > from && at < to && new RegExp(`fsync\\(\\d+<${what}>`).test(call))
  t.ok(synced(literally(file), written, linked), 'the file before it has its name')
  t.ok(synced('[^>]*/demo', linked, answered), 'its directory')
  t.ok(synced('[^>]*/keep/facts/root/pypi/demo', 0, answered), 'that of its fact')
  t.ok(synced(literally(served.directory), 0, answered), 'and the parent of a new directory')
})

t.test(
  'a damaged file is noticed before its first byte and fetched again (S15, S16, S17, S18)',
  async t => {
    const { served, upstream } = await setUp(t)
    const path = join(served.directory, 'demo', first.filename)
    const damages: Record<string, () => Promise<unknown>> = {
      'truncated by a byte': () => truncate(path, first.bytes.length - 1),
      'truncated to the half': () => truncate(path, first.bytes.length / 2),
      emptied: () => truncate(path, 0),
      'made longer': () => promises.appendFile(path, 'x'),
      'overwritten, same length': () => writeFile(path, Buffer.alloc(first.bytes.length)),
      'one bit, mtime restored': async () => {
        const { atime, mtime } = await stat(path)
        const bytes = await readFile(path)
        bytes[1000] = (bytes[1000] as number) ^ 1
        await writeFile(path, bytes)
        await utimes(path, atime, mtime)
      },
      'replaced by rename': async () => {
        await writeFile(`${path}.x`, Buffer.alloc(first.bytes.length))
        await rename(`${path}.x`, path)
      },
      removed: () => rm(path),
      'its directory removed': () =>
        rm(join(served.directory, 'demo'), { recursive: true, maxRetries: 10 }),
    }
    for (const [name, damage] of Object.entries(damages)) {
      t.equal(await got(served, upstream, first), 'right')
      await damage()
      const results = await Promise.all([1, 2, 3].map(() => got(served, upstream, first)))
      t.same(new Set(results), new Set(['right']), name)
    }
    await served.close()
    await writeFile(path, Buffer.alloc(first.bytes.length))
    const again = await serving.serve(t, {
      directory: served.directory,
      upstreams: [upstreamAt(upstream.url.href)],
    })
    t.equal(await got(again, upstream, first), 'right', 'at the next start too')
    await upstream.down()
    await truncate(path, 10)
    t.ok(
      ['502', '504'].includes(await got(again, upstream, first)),
      'and is not served without upstream',
    )
    await upstream.up()
  },
)

t.test('a file that is damaged while it is sent breaks the connection (S15)', async t => {
  const { served, upstream } = await setUp(t)
  const big = makeWheel({ name: 'big', version: '1.0', size: 12_000_000 })
  upstream.project('big', [{ filename: big.filename, bytes: big.bytes }])
  t.equal(await got(served, upstream, big), 'right')
  const response = await served.get(upstream.path(big.filename))
  const reader = response.body?.getReader()
  await reader?.read()
  await truncate(join(served.directory, 'big', big.filename), 5_000_000)
  await t.rejects(async () => {
    for (;;) if ((await reader?.read())?.done !== false) return
  })
  t.equal(await got(served, upstream, big), 'right')
})

t.test('everything removed under the running server (S19)', async t => {
  const { served, upstream } = await setUp(t)
  t.equal(await got(served, upstream, first), 'right')
  for (const entry of await readdir(served.directory))
    await rm(join(served.directory, entry), { recursive: true, maxRetries: 10 })
  t.equal(await got(served, upstream, first), 'right')
  await rm(served.directory, { recursive: true, maxRetries: 10 })
  t.same(await checked(await listing(served.url, 'demo')), right(...wheels))
  t.ok((await readdir(served.directory)).includes('demo'))
})

t.test(
  'bookkeeping that is zeroed, garbage or of the wrong kind is rebuilt, and what a person dropped stays (S20, S40)',
  async t => {
    const { served, upstream, own } = await setUp(t)
    const mine = makeSdist({ name: 'mine', version: '1.0' })
    await writeFile(join(served.directory, mine.filename), mine.bytes)
    await listing(served.url, 'mine')
    t.equal(await got(served, upstream, first), 'right')
    const files = async () => {
      const found = await Promise.all(
        ['keep', 'cache'].map(place =>
          readdir(own(place), { recursive: true, withFileTypes: true }),
        ),
      )
      return found
        .flat()
        .flatMap(entry => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []))
    }
    const damages: Record<string, (path: string) => Promise<unknown>> = {
      zeroed: async path => writeFile(path, Buffer.alloc((await stat(path)).size)),
      emptied: path => truncate(path, 0),
      'an array': path => writeFile(path, '[]'),
      null: path => writeFile(path, 'null\nnull\n'),
      'wrong types': path =>
        writeFile(path, '{"owner":7,"file":[],"url":3,"bytes":"x"}\n{"files":7}\n'),
      half: async path => truncate(path, Math.floor((await stat(path)).size / 2)),
    }
    for (const [name, damage] of Object.entries(damages)) {
      await checked(await listing(served.url, 'demo'))
      await listing(served.url, 'mine')
      const paths = await files()
      t.ok(paths.length >= 6, `${paths.length} files`)
      for (const path of paths) await damage(path)
      for (const restart of [false, true]) {
        const server =
          restart ?
            await serving.serve(t, {
              directory: served.directory,
              upstreams: [upstreamAt(upstream.url.href)],
            })
          : served
        t.same(await checked(await listing(server.url, 'demo')), right(...wheels), name)
        t.same(await checked(await listing(server.url, 'mine')), right(mine), name)
        if (restart) await server.close()
      }
      await rm(join(served.directory, '.proxypypi/cache'), { recursive: true, maxRetries: 10 })
    }
  },
)

t.test('mtimes in the future or in 1970 keep no page for ever (S34, S35)', async t => {
  const { served, upstream, own } = await setUp(t)
  for (const time of ['2099-01-01', '1970-01-02', '2099-01-01']) {
    await listing(served.url, 'demo')
    const asked = upstream.count(upstream.page('demo'))
    await listing(served.url, 'demo')
    t.equal(upstream.count(upstream.page('demo')), asked, 'fresh')
    const date = new Date(time)
    const pages = own('cache/pages/pypi')
    for (const page of await readdir(pages)) await utimes(join(pages, page), date, date)
    t.equal((await listing(served.url, 'demo')).source, 'revalidated', time)
    t.equal(upstream.count(upstream.page('demo')), asked + 1)
  }
  t.equal(await got(served, upstream, first), 'right')
  const future = new Date('2099-01-01')
  await utimes(join(served.directory, 'demo', first.filename), future, future)
  t.equal(await got(served, upstream, first), 'right')
  t.equal(upstream.count(upstream.path(first.filename)), 1)
})

t.test('nothing is written outside the directory, whatever its name (S38, S39)', async t => {
  const base = directoryOf(t)
  const upstream = await withUpstream(t)
  const before = process.cwd()
  const temporary = process.env['TMPDIR']
  const elsewhere = join(base, 'elsewhere')
  await mkdir(elsewhere)
  process.env['TMPDIR'] = elsewhere
  t.teardown(() => {
    process.chdir(before)
    if (temporary === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = temporary
  })
  process.chdir(elsewhere)
  for (const name of [
    'with blanks',
    `quo'te"s`,
    'ünïcödé 目录',
    'trailing/',
    '$(echo x)',
    '-dash',
    'per%20cent',
    '.hidden/dir',
  ])
    await t.test(name, async t => {
      const directory = join(base, name)
      const served = await serving.serve(t, {
        directory,
        upstreams: [upstreamAt(upstream.url.href)],
      })
      t.same(await checked(await listing(served.url, 'demo')), right(...wheels))
      t.equal((await readdir(directory)).includes('demo'), true)
      await served.close()
    })
  t.same(await readdir(elsewhere), [])
})

t.test(
  'a file where a directory is needed, and the reverse, hurts only its own entry (S40)',
  async t => {
    const { served, upstream } = await setUp(t)
    const other = makeWheel({ name: 'other', version: '1.0' })
    upstream.project('other', [{ filename: other.filename, bytes: other.bytes }])
    await writeFile(join(served.directory, 'demo'), 'a file')
    t.match(await got(served, upstream, first), /^5\d\d$|broken/)
    t.equal((await listing(served.url, 'demo')).names.length, 4)
    t.equal(await got(served, upstream, other), 'right')
    await rm(join(served.directory, 'demo'))
    await mkdir(join(served.directory, 'demo', first.filename, 'below'), {
      recursive: true,
    })
    t.match(await got(served, upstream, first), /^5\d\d$|broken/)
    t.equal(await got(served, upstream, second), 'right')
    t.same(await leftOver(served.directory), [])
    await rm(join(served.directory, 'demo', first.filename), { recursive: true, maxRetries: 10 })
    t.equal(await got(served, upstream, first), 'right')
  },
)

t.test('20,000 files are listed in a moment (S37)', async t => {
  const { served } = await setUp(t)
  const { bytes } = makeSdist({ name: 'many', version: '1.0' })
  const names = Array.from(
    { length: 20_000 },
    (_, index) => `many-${index % 400}-1.${index}.tar.gz`,
  )
  for (let at = 0; at < names.length; at += 500)
    await Promise.all(
      names.slice(at, at + 500).map(name => writeFile(join(served.directory, name), bytes)),
    )
  const begun = performance.now()
  const again = await serving.serve(t, { directory: served.directory })
  t.ok((await listing(again.url, 'many-7')).names.length === 50)
  t.ok(performance.now() - begun < 5000, `a page after ${Math.round(performance.now() - begun)} ms`)
  t.equal((await projects(again.url)).length, 400)
  const took = performance.now() - begun
  t.ok(took < 10_000, `the list after ${Math.round(took)} ms`)
  t.same(
    new Set(Object.values(await checked(await listing(again.url, 'many-8')))),
    new Set(['right']),
  )
  t.comment(`the list took ${Math.round(took)} ms`)
  t.equal(sha256(bytes).length, 64)
})
