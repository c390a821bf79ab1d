import { chmod, mkdir, readdir, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { LRUCache } from 'lru-cache'
import { hasCode, orAbsent } from '../disk/error-code.ts'
import { readObject, type JsonObject } from '../disk/json.ts'
import type { Layout } from '../disk/layout.ts'
import { identityOf, isSettled, statsOf } from '../disk/stamp.ts'
import { create, discard, inDirectory, replace, syncDirectory } from '../disk/write.ts'

/** What one kind of record is and where each lies. */
export interface RecordKind<K extends string, T> {
  path(key: K): string
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

  /**
   * All records in a directory that can be read, by their keys in order.
   * @param key the one that a file name without `.json` spells; undefined for what is none of ours
   */
  async list(directory: string, key: (stem: string) => K | undefined): Promise<Map<K, T>> {
    const keys = (await stemsIn(directory))
      .map(stem => key(stem))
      .filter(found => found !== undefined)
    const records = await Promise.all(keys.map(found => this.get(found)))
    const list = new Map<K, T>()
    for (const [at, found] of keys.entries()) {
      const record = records[at]
      if (record !== undefined) list.set(found, record)
    }
    return list
  }

  /** Writes a record that must be new. Returns false when there is one: of several writers one wins. */
  async create(key: K, object: JsonObject): Promise<boolean> {
    const path = this.#kind.path(key)
    const directory = dirname(path)
    const isNew = await makeDirectory(directory)
    return create(this.#layout, path, textOf(object), secret).catch(async (error: unknown) => {
      // That it is there says that there was one. Another process may have put something in by now.
      if (isNew) await rmdir(directory).catch(() => {})
      throw error
    })
  }

  /** Changes some members of a record and leaves the others as they are. Returns false when there is none. */
  async change(key: K, members: JsonObject): Promise<boolean> {
    const object = await readObject(this.#kind.path(key))
    if (object === undefined) return false
    await this.put(key, { ...object, ...members })
    return true
  }

  /** Writes a record, whatever was there before. */
  async put(key: K, object: JsonObject): Promise<void> {
    const path = this.#kind.path(key)
    await makeDirectory(dirname(path))
    await replace(this.#layout, path, textOf(object), secret)
  }

  /** Removes a record for good, also over a power cut. Returns false when there was none. */
  async remove(key: K): Promise<boolean> {
    const path = this.#kind.path(key)
    if (statsOf(path) === undefined) return false
    await discard(path)
    await syncDirectory(dirname(path))
    return true
  }
}

/** The names of the records in a directory, without `.json`, in order. */
export const stemsIn = async (directory: string): Promise<string[]> => {
  const entries = (await orAbsent(readdir(directory))) ?? []
  return entries
    .filter(entry => entry.endsWith(ending))
    .map(entry => entry.slice(0, -ending.length))
    .toSorted()
}

const directoryMode = 0o700

// Its mode is set again, since copying a directory loses it. True when it was not there.
const makeDirectory = async (directory: string): Promise<boolean> => {
  const make = async (): Promise<void> => {
    await mkdir(directory, { mode: directoryMode })
    await syncDirectory(dirname(directory))
  }
  const isNew = await inDirectory(dirname(directory), make).then(
    () => true,
    (error: unknown) => {
      if (hasCode(error, 'EEXIST')) return false
      throw error
    },
  )
  const stats = statsOf(directory)
  if (stats !== undefined && (Number(stats.mode) & 0o777) !== directoryMode)
    await chmod(directory, directoryMode)
  return isNew
}

const textOf = (object: JsonObject): string => `${JSON.stringify(object, undefined, 2)}\n`
