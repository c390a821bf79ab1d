import { readdir } from 'node:fs/promises'
import { orAbsent } from '../disk/error-code.ts'
import type { Layout } from '../disk/layout.ts'
import { identityOf, statsOf } from '../disk/stamp.ts'
import {
  importedIndexConfig,
  isSameIndexConfig,
  rootConfig,
  storedIndexConfig,
  type IndexConfig,
} from '../spec/index-config.ts'
import { indexName, rootIndex, splitIndexName, type IndexName } from '../spec/index-name.ts'
import { InputError } from '../spec/input-error.ts'
import type { JsonObject } from '../spec/json-value.ts'
import { rootUser, userName, type UserName } from '../spec/user-name.ts'
import { AccessError, conflict, forbidden } from './access-error.ts'
import { alone } from './alone.ts'
import { basesOf, requireBases } from './bases.ts'
import { Records, stemsIn } from './records.ts'

/** Takes away all that lies of an index; must be right however often it is done, and at any time again. */
export type Erase = (name: IndexName) => Promise<void>

/** What a change made of the settings of an index. */
export interface IndexChange {
  readonly before: IndexConfig
  /** The same object as `before` when nothing was changed, and then nothing was written. */
  readonly after: IndexConfig
}

/** Settings, or the mark that an index is being deleted. */
interface Kept {
  readonly config: IndexConfig | undefined
}

const deletion: JsonObject = { deleting: true }

const parse = (name: IndexName, object: JsonObject): Kept | undefined => {
  if (object['deleting'] === true && object['type'] === undefined) return { config: undefined }
  try {
    return { config: importedIndexConfig(splitIndexName(name).user, object) }
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

/** The settings of the indexes of one directory. What other processes change is seen at once. */
export class IndexConfigs {
  readonly #layout: Layout
  readonly #records: Records<IndexName, Kept>

  constructor(layout: Layout) {
    this.#layout = layout.of(rootIndex)
    this.#records = new Records(layout, { path: name => layout.indexSettings(name), parse })
  }

  /** The settings of an index, the root index always among them; undefined when there is none. */
  async get(name: IndexName): Promise<IndexConfig | undefined> {
    const kept = await this.#records.get(name)
    return kept?.config ?? (name === rootIndex ? rootConfig : undefined)
  }

  /** Changes whenever what `get` answers does; costs one stat. */
  stamp(name: IndexName): string {
    const stats = statsOf(this.#layout.indexSettings(name))
    return stats === undefined ? '-' : identityOf(stats)
  }

  /** The indexes of a user, by name. */
  async of(user: UserName): Promise<ReadonlyMap<IndexName, IndexConfig>> {
    const records = await this.#records.list(this.#layout.indexesOf(user), stem =>
      indexName(user, stem),
    )
    const found = new Map<IndexName, IndexConfig>()
    for (const [name, { config }] of records) if (config !== undefined) found.set(name, config)
    if (user === rootUser) found.set(rootIndex, found.get(rootIndex) ?? rootConfig)
    return sorted(found)
  }

  /** The names of a user's indexes, those included whose deletion was broken off or that cannot be read. */
  async left(user: UserName): Promise<readonly IndexName[]> {
    const stems = await stemsIn(this.#layout.indexesOf(user))
    return stems.map(stem => indexName(user, stem)).filter(name => name !== undefined)
  }

  /** All indexes, by name. */
  async all(): Promise<ReadonlyMap<IndexName, IndexConfig>> {
    const entries = (await orAbsent(readdir(this.#layout.indexes))) ?? []
    const users = entries.map(entry => userName(entry)).filter(user => user !== undefined)
    const each = await Promise.all([...new Set([rootUser, ...users])].map(user => this.of(user)))
    return sorted(new Map(each.flatMap(found => [...found])))
  }

  /**
   * Makes an index of a user that exists. Returns false when there is one of that name.
   * @param erase finishes a deletion that was broken off; without it such a name is refused
   * @throws {AccessError} 404 without the user, 409 for a name that differs from another in case only
   * @throws {InputError} for bases that do not exist
   */
  create(name: IndexName, config: IndexConfig, erase?: Erase): Promise<boolean> {
    const { user } = splitIndexName(name)
    return alone(this.#layout, `user ${user.toLowerCase()}`, async () => {
      if (user !== rootUser && statsOf(this.#layout.user(user)) === undefined)
        throw new AccessError(404, `user '${user}' does not exist`)
      return alone(this.#layout, `index ${name}`, () => this.#create(name, config, erase))
    })
  }

  /**
   * Makes an index, or replaces its settings, as an export has them: whatever its bases are, which may
   * come later.
   */
  restore(name: IndexName, config: IndexConfig): Promise<void> {
    return alone(this.#layout, `index ${name}`, () => this.#write(name, config))
  }

  /**
   * Changes the settings of an index, alone: nobody else's change is lost. Undefined when there is no
   * such index; what `work` throws goes on to the caller, and nothing is changed.
   * @throws {InputError} for new bases that do not exist or inherit from this index, and for what the
   * root index cannot have
   */
  change(
    name: IndexName,
    work: (config: IndexConfig) => IndexConfig | Promise<IndexConfig>,
  ): Promise<IndexChange | undefined> {
    return alone(this.#layout, `index ${name}`, async () => {
      const before = await this.get(name)
      if (before === undefined) return undefined
      const after = await work(before)
      if (isSameIndexConfig(before, after)) return { before, after: before }
      // It has paths of its own, at which the settings alone say who may read.
      if (name === rootIndex && after.acl_read !== undefined)
        throw new InputError(
          `who may read ${rootIndex} is a setting of the server: read = "users" in proxypypi.toml`,
        )
      const known = basesOf(before)
      const added = basesOf(after).filter(base => !known.includes(base))
      await this.#withBases(name, added, () => this.#write(name, after))
      return { before, after }
    })
  }

  /**
   * Deletes an index: from the first moment on there is none, and whoever makes it again first waits
   * for the rest. Returns false when there is none.
   * @throws {AccessError} 403 for one that is not volatile, and for the root index
   */
  async remove(name: IndexName, erase: Erase): Promise<boolean> {
    if (name === rootIndex)
      throw forbidden(`index ${name} lies in the cache directory itself and cannot be deleted`)
    return alone(this.#layout, `index ${name}`, async () => {
      if (this.stamp(name) === '-') return false
      const config = await this.get(name)
      if (config?.volatile === false)
        throw forbidden(`index ${name} non-volatile, cannot delete: set volatile=True first`)
      await this.#records.put(name, deletion)
      await this.#erase(name, erase)
      return true
    })
  }

  async #erase(name: IndexName, erase: Erase): Promise<void> {
    await erase(name)
    await this.#records.remove(name)
  }

  async #create(name: IndexName, config: IndexConfig, erase?: Erase): Promise<boolean> {
    if (name === rootIndex) return false
    const { user, index } = splitIndexName(name)
    const alike = (await stemsIn(this.#layout.indexesOf(user))).find(
      other => other !== index && other.toLowerCase() === index.toLowerCase(),
    )
    if (alike !== undefined)
      throw conflict(
        `index '${name}' exists, spelled '${user}/${alike}': names differ in more than case`,
      )
    const kept = await this.#records.get(name)
    if (kept !== undefined && kept.config === undefined) {
      if (erase === undefined) throw conflict(`index '${name}' is being deleted: try again later`)
      await this.#erase(name, erase)
    }
    if (this.stamp(name) !== '-') return false
    const write = () => this.#records.create(name, storedIndexConfig(config))
    return this.#withBases(name, basesOf(config), write)
  }

  #write(name: IndexName, config: IndexConfig): Promise<void> {
    return this.#records.put(name, storedIndexConfig(config))
  }

  // One at a time, else two that become each other's base at once would both be allowed to.
  #withBases<T>(name: IndexName, added: readonly IndexName[], write: () => Promise<T>): Promise<T> {
    if (added.length === 0) return write()
    return alone(this.#layout, 'the bases of indexes', async () => {
      await requireBases(name, added, base => this.get(base))
      return write()
    })
  }
}

const sorted = <T>(found: ReadonlyMap<IndexName, T>): ReadonlyMap<IndexName, T> =>
  new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)))
