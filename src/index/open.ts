import { IndexConfigs } from '../accounts/index-configs.ts'
import type { Counters } from '../counters.ts'
import type { Digests } from '../disk/digest.ts'
import { Layout } from '../disk/layout.ts'
import { OpenFiles } from '../disk/open-files.ts'
import type { Log } from '../log.ts'
import type { Settings } from '../settings.ts'
import { rootIndex } from '../spec/index-name.ts'
import { Downloads } from '../upstream/download.ts'
import { openBeside, type Beside } from './beside.ts'
import { Copies } from './copies.ts'
import type { Facts } from './facts.ts'
import type { Folder } from './folder.ts'
import { openGround, type Ground } from './ground.ts'
import { HashedPaths } from './hashed-paths.ts'
import type { Mirror } from './mirror.ts'
import { openIndex } from './open-index.ts'
import { openMirror } from './open-mirror.ts'
import { Ownership } from './ownership.ts'
import { PageMemory } from './page-memory.ts'
import { Registry, type Opened } from './registry.ts'
import { RootMirrors } from './root-mirrors.ts'
import { Stack } from './stack.ts'
import { Stage } from './stage.ts'

/** The indexes over one directory, without a server around them. */
export interface Indexes {
  readonly layout: Layout
  /** The directory and its upstreams: `/simple/`. */
  readonly root: Stack
  /** What is held, asking nobody: `/local/`. */
  readonly local: Stack
  /** The upstreams of the root index; always the same list, which changes with its record. */
  readonly mirrors: readonly Mirror[]
  /** Takes uploads. */
  readonly stage: Stage
  readonly folder: Folder
  readonly facts: Facts
  readonly digests: Digests
  /** Settings of all other indexes. */
  readonly configs: IndexConfigs
  /** All indexes by their names. */
  readonly registry: Registry
  close(): Promise<void>
}

/** Builds the indexes that the settings describe; nothing is read and nobody is asked yet. */
export const openIndexes = (settings: Settings, log: Log, counters: Counters): Indexes => {
  const layout = new Layout(settings.directory)
  const configs = new IndexConfigs(layout)
  const files = new OpenFiles()
  const pages = new PageMemory()
  const surroundings = { settings, log, counters, files, layout, pages }
  const ground = openGround(layout, surroundings, settings.mutable)
  const downloads = new Downloads(layout, log, bytes => counters.fromUpstream(bytes))
  const mirrors = new RootMirrors({
    settings,
    configs,
    log,
    make: upstream => openMirror(upstream, { ...ground, downloads }, surroundings),
  })
  const ownership = new Ownership(layout, settings, log)
  const parts = { ...ground, mirrors, ownership, log }
  const root = new Stack(rootIndex, { ...parts, offline: settings.offline })
  const own = new HashedPaths(root, pages)
  const registry = new Registry({
    configs,
    log,
    rootMirrors: mirrors,
    root: openedRoot({ own, ground, mirrors, log, beside: openBeside({ ...ground, files }) }),
    make: (name, config, former, members) => openIndex(name, config, former, members, surroundings),
  })
  return {
    layout,
    root,
    configs,
    registry,
    local: new Stack('local', { ...parts, offline: true }),
    mirrors: mirrors.list,
    stage: new Stage({ ...ground, log }),
    folder: ground.folder,
    facts: ground.facts,
    digests: ground.digests,
    close: async () => {
      await downloads.close()
      files.clear()
      await registry.close()
    },
  }
}

/** The root index as one of many. */
const openedRoot = (parts: {
  own: HashedPaths
  ground: Ground
  mirrors: RootMirrors
  beside: Beside
  log: Log
}): Opened => {
  const { own, ground, mirrors, beside } = parts
  const copies = new Copies({ ...ground, mirrors, log: parts.log })
  const root: Opened = {
    name: rootIndex,
    get config() {
      return mirrors.config
    },
    own,
    whole: own,
    stage: undefined,
    copies,
    folder: ground.folder,
    beside,
    layout: ground.layout,
    isMirror: true,
    whitelist: [],
    claims: async () => false,
    guesses: async project =>
      mirrors.config.mirror_no_project_list === true && !(await copies.has(project)),
    members: async () => [root],
    resolve: async () => ({ looked: [root], leftOut: [], note: undefined }),
  }
  return root
}
