import type { IndexConfigs } from '../accounts/index-configs.ts'
import { rootConfig, type MirrorConfig } from '../spec/index-config.ts'
import { rootIndex } from '../spec/index-name.ts'
import { background, type Log } from '../log.ts'
import type { Settings, UpstreamSettings } from '../settings.ts'
import type { Mirror } from './mirror.ts'
import { rootUpstreams } from './mirror-settings.ts'
import type { OpenMirror } from './open-mirror.ts'
import type { MirrorSource } from './upstreams.ts'

/** Milliseconds for which the record of the root index is believed to say the same. */
const believed = 1000

/**
 * The upstreams of the root index, as the settings and its record say. The record is looked at once a
 * second, since every page asks for them.
 */
export class RootMirrors implements MirrorSource {
  /** Those of this moment; the same list for ever. */
  readonly list: Mirror[] = []
  readonly #settings: Settings
  readonly #configs: IndexConfigs
  readonly #log: Log
  readonly #make: (upstream: UpstreamSettings) => OpenMirror
  #open: { key: string; opened: OpenMirror }[] = []
  readonly #retiring = new Set<OpenMirror>()
  #config: MirrorConfig = rootConfig
  #stamp: string | undefined
  #looked = -Infinity

  constructor(parts: {
    settings: Settings
    configs: IndexConfigs
    log: Log
    make: (upstream: UpstreamSettings) => OpenMirror
  }) {
    this.#settings = parts.settings
    this.#configs = parts.configs
    this.#log = parts.log
    this.#make = parts.make
    this.#use(rootConfig)
  }

  /** What the record says, as of the last look. */
  get config(): MirrorConfig {
    return this.#config
  }

  now(): readonly Mirror[] | Promise<readonly Mirror[]> {
    return performance.now() - this.#looked < believed ? this.list : this.look()
  }

  /** Looks at the record now. */
  async look(): Promise<readonly Mirror[]> {
    this.#looked = performance.now()
    const stamp = this.#configs.stamp(rootIndex)
    if (stamp === this.#stamp) return this.list
    const config = await this.#configs.get(rootIndex)
    this.#stamp = stamp
    this.#use(config?.type === 'mirror' ? config : rootConfig)
    return this.list
  }

  #use(config: MirrorConfig): void {
    const before = this.#open
    this.#config = config
    this.#open = rootUpstreams(config, this.#settings).map(upstream => {
      const key = JSON.stringify(upstream)
      const kept = before.find(open => open.key === key)
      return kept ?? { key, opened: this.#make(upstream) }
    })
    this.list.splice(0, this.list.length, ...this.#open.map(({ opened }) => opened.mirror))
    for (const open of before) if (!this.#open.includes(open)) this.#retire(open.opened)
  }

  #retire(opened: OpenMirror): void {
    this.#retiring.add(opened)
    const retiring = opened.retire().finally(() => this.#retiring.delete(opened))
    background(retiring, 'closing the connections of an upstream', this.#log)
  }

  /** Breaks off what is under way. */
  async close(): Promise<void> {
    const all = [...this.#open.map(({ opened }) => opened), ...this.#retiring]
    await Promise.all(all.map(opened => opened.close()))
  }
}
