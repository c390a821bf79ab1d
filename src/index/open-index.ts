import type { Layout } from '../disk/layout.ts'
import { logAbout } from '../log.ts'
import type { IndexConfig, MirrorConfig, StageConfig } from '../spec/index-config.ts'
import type { IndexName } from '../spec/index-name.ts'
import { Downloads } from '../upstream/download.ts'
import { openBeside, type Beside } from './beside.ts'
import { Copies } from './copies.ts'
import { openGround, type Ground } from './ground.ts'
import { Hosted } from './hosted.ts'
import { Inherited } from './inherited.ts'
import { mirrorUpstream } from './mirror-settings.ts'
import { openMirror, type Sharing } from './open-mirror.ts'
import { Ownership } from './ownership.ts'
import type { PageMemory } from './page-memory.ts'
import type { Opened } from './registry.ts'
import { Stack } from './stack.ts'
import { Stage } from './stage.ts'
import type { MirrorSource } from './upstreams.ts'

/** What the indexes of a process share. */
export interface Surroundings extends Sharing {
  /** The directory, seen from any index. */
  readonly layout: Layout
  readonly pages: PageMemory
}

/** Connections that an index has to its upstream. */
export interface Connected {
  /** What is under way comes to its end. */
  retire(): Promise<void>
  /** What is under way is broken off. */
  close(): Promise<void>
}

/** What stands under an index and stays while its settings change in other ways. */
interface Base {
  /** What it was made from: as long as that is the same, so is this. */
  readonly key: string
  readonly ground: Ground
  readonly beside: Beside
  readonly own: Hosted | Stack
  readonly stage: Stage | undefined
  readonly copies: Copies | undefined
  readonly connected: Connected | undefined
}

/** An index, and what its successor of the same name may go on to use. */
export interface OpenIndex {
  readonly opened: Opened
  readonly base: Base
}

/**
 * Makes an index of its settings.
 * @param former of the same name, with other settings
 * @param members itself and its bases in the order in which they are looked through, mirrors last
 */
export const openIndex = (
  name: IndexName,
  config: IndexConfig,
  former: OpenIndex | undefined,
  members: () => Promise<readonly Opened[]>,
  surroundings: Surroundings,
): OpenIndex => {
  const base =
    config.type === 'mirror' ?
      mirrorBase(name, config, former?.base, surroundings)
    : stageBase(name, config, former?.base, surroundings)
  return { base, opened: openedOf(name, config, base, members, surroundings) }
}

const stageBase = (
  name: IndexName,
  { volatile }: StageConfig,
  former: Base | undefined,
  surroundings: Surroundings,
): Base => {
  const key = `stage ${volatile}`
  if (former?.key === key) return former
  const log = logAbout(surroundings.log, { index: name })
  const ground = openGround(surroundings.layout.of(name), surroundings, volatile ? ['*'] : [])
  const beside = openBeside({ ...ground, files: surroundings.files })
  return {
    key,
    ground,
    beside,
    own: new Hosted(name, { ...ground, releases: beside.releases }),
    stage: new Stage({ ...ground, log, isVolatile: volatile }),
    copies: undefined,
    connected: undefined,
  }
}

const mirrorBase = (
  name: IndexName,
  config: MirrorConfig,
  former: Base | undefined,
  surroundings: Surroundings,
): Base => {
  const { settings } = surroundings
  const log = logAbout(surroundings.log, { index: name })
  const upstream = mirrorUpstream(name, config, settings)
  const key = `mirror ${JSON.stringify(upstream)}`
  if (former?.key === key) return former
  const ground = openGround(surroundings.layout.of(name), surroundings, [])
  const { layout, folder } = ground
  const connection = upstream && connect(ground, upstream, surroundings)
  const mirrors: MirrorSource =
    connection === undefined ?
      { now: () => [], lack: `index ${name} has no mirror_url: set one` }
    : { now: () => [connection.mirror] }
  const ownership = new Ownership(layout, settings, log)
  const parts = { ...ground, ownership, mirrors, log, offline: settings.offline }
  return {
    key,
    ground,
    beside: openBeside({ ...ground, files: surroundings.files }),
    own: new Stack(name, parts),
    stage: undefined,
    copies: new Copies({ layout, folder, facts: ground.facts, mirrors, log }),
    connected: connection,
  }
}

const connect = (
  ground: Ground,
  upstream: Parameters<typeof openMirror>[0],
  surroundings: Surroundings,
) => {
  const { log, counters } = surroundings
  const downloads = new Downloads(ground.layout, log, bytes => counters.fromUpstream(bytes))
  const opened = openMirror(upstream, { ...ground, downloads }, surroundings)
  return {
    mirror: opened.mirror,
    retire: async () => {
      counters.forgetUpstream(upstream.name)
      await opened.retire()
    },
    close: async () => {
      await downloads.close()
      await opened.close()
    },
  }
}

const openedOf = (
  name: IndexName,
  config: IndexConfig,
  base: Base,
  members: () => Promise<readonly Opened[]>,
  { pages, settings }: Surroundings,
): Opened => {
  const { own, stage, copies, ground, beside } = base
  const { folder, layout } = ground
  const isMirror = config.type === 'mirror'
  const inherited =
    isMirror || config.bases.length === 0 ?
      undefined
    : new Inherited<Opened>(name, {
        members,
        mode: config.mirror_whitelist_inheritance,
        pages,
        limits: settings.offline ? 'offline: only what lies in the directory is here' : undefined,
      })
  const opened: Opened = {
    name,
    config,
    own,
    stage,
    copies,
    folder,
    beside,
    layout,
    isMirror,
    whitelist: isMirror ? [] : config.mirror_whitelist,
    whole: inherited ?? own,
    claims: async project => own instanceof Hosted && own.claims(project),
    guesses: async project =>
      isMirror && config.mirror_no_project_list === true && (await copies?.has(project)) === false,
    members: inherited === undefined ? async () => [opened] : members,
    resolve: async project =>
      inherited?.resolve(project) ?? { looked: [opened], leftOut: [], note: undefined },
  }
  return opened
}
