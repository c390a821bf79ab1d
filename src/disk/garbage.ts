import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

interface Extent {
  readonly type: 'minor' | 'major'
  readonly flavor?: 'last-resort'
}

type Collect = (extent?: Extent) => void

// There is no other way to reach it in a process that was started without a flag of its own.
const makeCollect = (): Collect => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as Collect
  setFlagsFromString('--no-expose-gc')
  return collect
}

let made: Collect | undefined

const collect: Collect = extent => {
  made ??= makeCollect()
  made(extent)
}

/** Collects what has died young: some milliseconds. */
export const collectYoung = (): void => collect({ type: 'minor' })

// Only the second time Node 20 moves together what it has left. Later ones keep the pages that are
// free unless memory is said to be short, which Node 20 does not understand.
const thorough: readonly (Extent | undefined)[] =
  Number.parseInt(process.versions.node) < 22 ?
    [undefined, undefined]
  : [{ type: 'major', flavor: 'last-resort' }]

/**
 * Collects all that is dead and gives its space back, which takes a tenth of a second and more.
 * Node 20 gives back that of the young only if next to nothing was allocated in the five seconds
 * since the collection before.
 */
export const collectAll = (): void => {
  for (const extent of thorough) collect(extent)
}
