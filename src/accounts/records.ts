import { chmod, mkdir, readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { LRUCache } from 'lru-cache'
import { hasCode, orAbsent } from '../disk/error-code.ts'
import { readObject, type JsonObject } from '../disk/json.ts'
import type { Layout } from '../disk/layout.ts'
import { identityOf, isSettled, statsOf } from '../disk/stamp.ts'
import { create, discard, inDirectory, replace, syncDirectory } from '../disk/write.ts'

/** What one kind of record is and where it lies. */
export interface RecordKind<K extends string, T> {
  readonly directory: string
  path(key: K): string
  /** The key that a file name without `.json` spells; undefined for what is none of ours. */
  key(stem: string): K | undefined
  /** Undefined for what is no such record. */
  parse(key: K, object: JsonObject): T | undefined
}

const secret = { mode: 0o600 }
const ending = '.json'

/**
 * Secrets, one JSON file for each, for nobody's eyes but the server's (fault X16). What was read is
 * believed only as long as a stat says that the file is the same, so a change counts at once in
 * every process.
 */
export class Records<K extends string, T extends object> {
  readonly #layout: Layout
  readonly #kind: RecordKind<K, T>
  readonly #known = new LRUCache<K, { readonly identity: string; readonly record: T }>({
    max: 1000,
  })

  constructor(layout: Layout, kind: RecordKind<K, T>) {
    this.#layout = layout
    this.#kind = kind
  }

  /** The record as it is now; undefined when there is none or it is broken. */
  async get(key: K): Promise<T | undefined> {
    const path = this.#kind.path(key)
    const stats = statsOf(path)
    if (stats === undefined) return undefined
    const identity = identityOf(stats)
    const known = this.#known.get(key)
    if (known?.identity === identity) return known.record
    const mayRemember = isSettled(stats)
    const object = await readObject(path)
    const record = object === undefined ? undefined : this.#kind.parse(key, object)
    if (record !== undefined && mayRemember) this.#known.set(key, { identity, record })
    return record
  }

  /** All records that can be read, in the order of their keys. */
  async list(): Promise<T[]> {
    const entries = (await orAbsent(readdir(this.#kind.directory))) ?? []
    const keys = entries
      .filter(entry => entry.endsWith(ending))
      .map(entry => this.#kind.key(entry.slice(0, -ending.length)))
      .filter(key => key !== undefined)
    const records = await Promise.all(keys.toSorted().map(key => this.get(key)))
    return records.filter(record => record !== undefined)
  }

  /** Writes a record that must be new. Returns false when there is one: of several writers one wins. */
  async create(key: K, object: JsonObject): Promise<boolean> {
    await this.#makeDirectory()
    return create(this.#layout, this.#kind.path(key), textOf(object), secret)
  }

  /** Changes some members of a record and leaves the others as they are. Returns false when there is none. */
  async change(key: K, members: JsonObject): Promise<boolean> {
    const path = this.#kind.path(key)
    const object = await readObject(path)
    if (object === undefined) return false
    await this.#makeDirectory()
    await replace(this.#layout, path, textOf({ ...object, ...members }), secret)
    return true
  }

  /** Removes a record for good, also over a power cut. Returns false when there was none. */
  async remove(key: K): Promise<boolean> {
    const path = this.#kind.path(key)
    if (statsOf(path) === undefined) return false
    await discard(path)
    await syncDirectory(this.#kind.directory)
    return true
  }

  // Its mode is set again, since copying a directory loses it.
  async #makeDirectory(): Promise<void> {
    const { directory } = this.#kind
    const mode = 0o700
    const make = async (): Promise<void> => {
      await mkdir(directory, { mode })
      await syncDirectory(dirname(directory))
    }
    await inDirectory(dirname(directory), make).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error
    })
    const stats = statsOf(directory)
    if (stats !== undefined && (Number(stats.mode) & 0o777) !== mode) await chmod(directory, mode)
  }
}

const textOf = (object: JsonObject): string => `${JSON.stringify(object, undefined, 2)}\n`
