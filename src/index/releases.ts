/**
 * What was registered of releases by forms: one JSON file for each version, so that two writers
 * seldom meet in one. A release may be registered without having a file, and its project is there.
 */
import { readdir } from 'node:fs/promises'
import { bounded } from '../bounded.ts'
import type { DurableOptions } from '../disk/durable.ts'
import { orAbsent } from '../disk/error-code.ts'
import { namesIn } from '../disk/entries.ts'
import type { Layout } from '../disk/layout.ts'
import { linkNew } from '../disk/link-aside.ts'
import { removeIfEmpty, removeTree } from '../disk/remove-tree.ts'
import { isSettled, stampOf, statsOf } from '../disk/stamp.ts'
import { create, forget, replace } from '../disk/write.ts'
import { InputError } from '../spec/input-error.ts'
import { projectName, type Name } from '../spec/project-name.ts'
import { releaseVersion, releaseVersionRule, type ReleaseVersion } from '../spec/release-version.ts'
import { isSameVersion } from '../spec/same-version.ts'
import {
  sentVersionData,
  wholeVersionData,
  type FormFields,
  type VersionData,
} from '../spec/version-data.ts'
import { exclusively } from './exclusively.ts'
import { readRelease } from './release-record.ts'

/** The registered releases of one index. */
export class Releases {
  readonly #layout: Layout
  readonly #listed = bounded<Name, { stamp: string; versions: readonly ReleaseVersion[] }>(5000)
  #names: { stamp: string; names: ReadonlySet<Name> } | undefined
  #doubts = 0

  constructor(layout: Layout) {
    this.#layout = layout
  }

  /**
   * Registers what a form tells of a release. Durable unless told, and seen by every process with its
   * next look.
   * @param how `reset`: what the form leaves out becomes empty; `update`: it stays as it was
   * @throws {InputError} for a version that cannot be a file name; {HttpError} 503 when somebody
   * else registers the same for too long
   */
  async register(
    name: Name,
    version: string,
    fields: FormFields,
    how: 'reset' | 'update',
    options: DurableOptions = {},
  ): Promise<void> {
    const safe = releaseVersion(version)
    if (safe === undefined)
      throw new InputError(`invalid metadata: a version must be of ${releaseVersionRule}`)
    const sent = { name, ...sentVersionData(fields), version: safe }
    const fresh = wholeVersionData(sent)
    const changed = (known: VersionData) => (how === 'reset' ? fresh : { ...known, ...sent })
    await this.#write(name, safe, fresh, changed, options)
  }

  /** Registers all that is known of a release in place of what was registered before. Throws as `register`. */
  async set(name: Name, version: ReleaseVersion, data: VersionData): Promise<void> {
    const whole = { ...data, version }
    await this.#write(name, version, whole, () => whole)
  }

  async #write(
    name: Name,
    version: ReleaseVersion,
    fresh: VersionData,
    changed: (known: VersionData) => VersionData,
    options: DurableOptions = {},
  ): Promise<void> {
    const path = this.#layout.release(name, version)
    // New, as nearly always: of several writers one wins, the others change what it wrote.
    if (statsOf(path) === undefined && (await create(this.#layout, path, textOf(fresh), options)))
      return
    await exclusively(this.#layout, name, `release ${version}`, async () => {
      const known = await readRelease(path)
      const next = known === undefined ? fresh : changed(known)
      if (known === undefined || textOf(known) !== textOf(next))
        await replace(this.#layout, path, textOf(next), options)
    })
  }

  /** What was registered of a release, by the very spelling of its version; undefined when nothing was. */
  async get(name: Name, version: string): Promise<VersionData | undefined> {
    const safe = releaseVersion(version)
    return safe === undefined ? undefined : readRelease(this.#layout.release(name, safe))
  }

  /** The registered versions of a project, in no particular order. */
  async versions(name: Name): Promise<readonly ReleaseVersion[]> {
    const directory = this.#layout.release(name)
    const stats = statsOf(directory)
    if (stats === undefined) return []
    const stamp = stampOf(stats)
    const known = this.#listed.get(name)
    if (known?.stamp === stamp) return known.versions
    const begun = Date.now()
    const versions = versionsIn(await namesIn(directory, stats))
    if (isSettled(stats, begun)) this.#listed.set(name, { stamp, versions })
    else this.#listed.delete(name)
    return versions
  }

  /** The version under which a file's release was registered, by this or another spelling of it (PEP 440). */
  async spelling(name: Name, version: string): Promise<ReleaseVersion | undefined> {
    const versions = await this.versions(name)
    return (
      versions.find(known => known === version) ??
      versions.find(known => isSameVersion(known, version))
    )
  }

  /** True when a release of a project is registered. */
  async has(name: Name): Promise<boolean> {
    return (await this.versions(name)).length > 0
  }

  /** Every project of which a release is registered. */
  async projects(): Promise<ReadonlySet<Name>> {
    const stats = statsOf(this.#layout.releases)
    if (stats === undefined) return new Set()
    const stamp = stampOf(stats)
    const held = this.#names
    if (held?.stamp === stamp) return held.names
    const begun = Date.now()
    const names = new Set<Name>()
    for (const entry of (await orAbsent(readdir(this.#layout.releases))) ?? []) {
      const name = projectName(entry)
      if (name !== entry) continue
      if (held?.names.has(name) === true || (await this.#isAlive(name))) names.add(name)
    }
    this.#names = isSettled(stats, begun) ? { stamp, names } : undefined
    return names
  }

  // What a killed process left empty is removed, so that a later release shows in its parent's stamp.
  async #isAlive(name: Name): Promise<boolean> {
    return (await this.has(name)) || !(await removeIfEmpty(this.#layout.release(name)))
  }

  /** Changes whenever something of a project is registered or forgotten; a look at one directory. */
  stamp(name: Name): string {
    const stats = statsOf(this.#layout.release(name))
    // Just after a change another one could hide behind the same mtime.
    const doubt = stats === undefined || isSettled(stats) ? '' : `~${(this.#doubts += 1)}`
    return `${stampOf(stats)}${doubt}`
  }

  /** Forgets a release, or all of a project at once, for good; what is not there is as good as forgotten. */
  async remove(name: Name, version?: string): Promise<void> {
    const directory = this.#layout.release(name)
    if (version === undefined) return removeTree(this.#layout, directory)
    const safe = releaseVersion(version)
    if (safe === undefined) return undefined
    await forget(this.#layout.release(name, safe))
    await removeIfEmpty(directory)
    return undefined
  }

  /** Registers a release with another index as it is here; false when it is not registered here. */
  async copyTo(
    name: Name,
    version: string,
    target: Releases,
    options: DurableOptions = {},
  ): Promise<boolean> {
    const safe = releaseVersion(version)
    if (safe === undefined) return false
    const path = this.#layout.release(name, safe)
    if (statsOf(path) === undefined) return false
    // What is registered is never rewritten in place, so both may share it.
    if (await linkNew(path, target.#layout.release(name, safe), options)) return true
    const data = await readRelease(path)
    if (data === undefined) return false
    await target.set(name, safe, data)
    return true
  }
}

const textOf = (data: VersionData): string => `${JSON.stringify(data)}\n`

const ending = '.json'

const versionsIn = (entries: readonly string[]): ReleaseVersion[] =>
  entries.flatMap(entry => {
    const version =
      entry.endsWith(ending) ? releaseVersion(entry.slice(0, -ending.length)) : undefined
    return version === undefined ? [] : [version]
  })
