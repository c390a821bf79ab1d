import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Quiet, type Means } from '../../src/daemon/quiet.ts'
import { spare } from '../../src/spare.ts'

const megabytes = (count: number): number => count * 1024 * 1024

const next = (values: readonly number[], at: number): number => values[at] ?? values.at(-1) ?? 0

interface Server {
  /** The load at the end of the first request and at each look, the last for all that follow. */
  readonly loads?: readonly number[]
  /** Resident megabytes at the start and whenever it is asked again, the last for ever. */
  readonly resident?: readonly number[]
  /** Told what happens. */
  readonly hear?: (what: string, quiet: Quiet) => void
}

/** A server of which `heard` tells everything that happened; `until` waits for something. */
const serverOf = (t: Test, { loads = [0], resident = [50, 100], hear }: Server) => {
  const heard: string[] = []
  const waiting = new Map<string, () => void>()
  const tell = (what: string): void => {
    heard.push(what)
    hear?.(what, quiet)
    waiting.get(what)?.()
  }
  let looks = -1
  let asked = -1
  const means: Means = {
    pause: 1,
    load: () => {
      looks += 1
      tell('look')
      return next(loads, looks)
    },
    resident: () => {
      asked += 1
      if (asked > 0) tell('weigh')
      return megabytes(next(resident, asked))
    },
    collectYoung: () => tell('young'),
    collectAll: () => tell('all'),
  }
  const quiet = new Quiet(means)
  const keeping = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(keeping))
  const until = async (what: string): Promise<void> => {
    await new Promise<void>(resolve => {
      waiting.set(what, resolve)
    })
    await setImmediate()
  }
  return { quiet, heard, until }
}

t.test('memory is given back when nothing happens after work, once', async t => {
  const memory = spare(new Map([['page', 1]]))
  const server = serverOf(t, {})
  server.quiet.worked()
  await server.until('young')
  t.equal(memory.size, 1)
  await server.until('all')
  t.equal(memory.size, 0, 'what the disk has as well is forgotten first')
  await server.until('weigh')
  const given = ['weigh', 'young', 'look', 'all', 'look']
  t.same(server.heard, ['look', 'look', 'look', ...given, 'look', 'weigh', 'weigh'])
})

t.test('nothing is given back while something runs or requests end', async t => {
  const server = serverOf(t, {
    loads: [0, 0, 0.5, 0, 0.5, 0],
    hear: (what, quiet) => {
      if (what === 'look' && server.heard.length === 8) quiet.worked()
    },
  })
  server.quiet.worked()
  await server.until('all')
  const first = ['look', 'look', 'look', 'look', 'weigh', 'young', 'look']
  const second = ['look', 'look', 'weigh', 'young', 'look', 'all', 'look']
  t.same(server.heard, [...first, ...second])
})

t.test('what comes after giving back does not have it given back again', async t => {
  const server = serverOf(t, { loads: [0, 0, 0, 0, 0, 0.5, 0] })
  server.quiet.worked()
  await server.until('all')
  await server.until('weigh')
  t.equal(server.heard.at(-1), 'weigh', 'work follows')
  await server.until('weigh')
  t.equal(server.heard.filter(what => what === 'all').length, 1)
  t.same(server.heard.slice(-2), ['look', 'weigh'], 'it rests')
})

t.test('little is left alone, and so is what remains after giving back', async t => {
  const resident = [50, 60, 100, 70, 72, 80, 90]
  const server = serverOf(t, { resident })
  server.quiet.worked()
  await server.until('weigh')
  t.same(server.heard, ['look', 'look', 'look', 'weigh'], '10 MB more than at the start')
  server.quiet.worked()
  await server.until('all')
  await server.until('weigh')
  const before = server.heard.length
  server.quiet.worked()
  await server.until('weigh')
  t.same(server.heard.slice(before), ['look', 'look', 'look', 'weigh'], '10 MB more than was left')
  server.quiet.worked()
  await server.until('young')
})

/** Timers that keep this process alive. */
const timers = (): number =>
  process.getActiveResourcesInfo().filter(what => what === 'Timeout').length

t.test('a look to come keeps no process alive', async t => {
  const quiet = new Quiet()
  const before = timers()
  quiet.worked()
  t.equal(timers(), before)
})
