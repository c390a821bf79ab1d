import { join } from 'node:path'
import { directoryOf } from '../fixtures/directory.ts'
import { prefetch, type PrefetchOptions, type Report } from '../../src/prefetch/prefetch.ts'
import { readWishes } from '../../src/prefetch/wishes/read-wishes.ts'
import type { Indexes } from '../../src/index/open.ts'
import { readTarget, type Target } from '../../src/spec/environment.ts'
import { makeSdist, makeWheel, type Dist } from '../fixtures/dist.ts'
import { openFor } from '../fixtures/indexes.ts'
import { upstreamAt, type Test } from '../fixtures/serve.ts'
import { startUpstream, type Upstream, type UpstreamFile } from '../fixtures/upstream.ts'

/** A version of a project upstream. */
export interface Release {
  readonly requires?: readonly string[]
  readonly requiresPython?: string
  readonly yanked?: boolean
  /** Tags of its wheels; one for all machines unless told, none for an sdist alone. */
  readonly tags?: readonly string[]
  readonly sdist?: boolean
  readonly buildRequires?: readonly string[]
  readonly extra?: string
  /** False: upstream offers no core metadata beside the wheel. */
  readonly metadata?: boolean
}

const asListed = ({ filename, bytes, metadata }: Dist, release: Release): UpstreamFile => ({
  filename,
  bytes,
  ...(filename.endsWith('.whl') && release.metadata !== false && { metadata }),
  ...(release.yanked === true && { yanked: true }),
  ...(release.requiresPython !== undefined && { 'requires-python': release.requiresPython }),
})

const distsOf = (name: string, version: string, release: Release): Dist[] => {
  const { tags = ['py3-none-any'], sdist = false, ...described } = release
  const all = { name, version, ...described }
  const wheels = tags.map(tag => makeWheel({ ...all, tag }))
  return sdist ? [...wheels, makeSdist(all)] : wheels
}

/** Projects by name, their releases by version. */
export type Universe = Readonly<Record<string, Readonly<Record<string, Release>>>>

/** An upstream, a cache over it, and what tests ask of both. */
export interface Place {
  readonly upstream: Upstream
  readonly directory: string
  readonly indexes: Indexes
  /** Prefetches what a text asks for. */
  readonly fill: (text: string, options?: Filling) => Promise<Report>
  /** The paths of files, not of pages, that upstream was asked for. */
  readonly askedFiles: () => string[]
}

export interface Filling extends Partial<PrefetchOptions> {
  readonly name?: string
  readonly targets?: readonly Target[]
  /** What `-r` and `-c` name. */
  readonly files?: Readonly<Record<string, string>>
}

export const linux = readTarget('3.12', 'linux-x86_64')

/** Puts a universe on a fake upstream and a cache before it. */
export const place = async (t: Test, universe: Universe): Promise<Place> => {
  const upstream = await startUpstream(t, { form: 'json' })
  for (const [name, releases] of Object.entries(universe)) {
    const files = Object.entries(releases).flatMap(([version, release]) =>
      distsOf(name, version, release).map(dist => asListed(dist, release)),
    )
    upstream.project(name, files)
  }
  const directory = join(directoryOf(t), 'cache')
  const indexes = openFor(t, directory, { upstreams: [upstreamAt(upstream.url.href)] })
  const fill = async (text: string, options: Filling = {}): Promise<Report> => {
    const { name = 'requirements.txt', targets = [linux], files = {}, ...others } = options
    const readFile = async (path: string) => files[path] ?? ''
    const wishes = await readWishes(text, { name, readFile })
    return prefetch(indexes.root, wishes, targets, { host: linux, ...others })
  }
  const askedFiles = () =>
    upstream.requests.map(({ path }) => path).filter(path => path.startsWith('/packages/'))
  return { upstream, directory, indexes, fill, askedFiles }
}

/** `name-version` of the files of a report, wheels and sdists alike. */
export const versionsIn = ({ files }: Report): string[] =>
  files
    .map(({ filename }) => filename.replace(/^([^-]+-[^-]+?)(?:-.*|\.tar\.gz)$/, '$1'))
    .toSorted()
