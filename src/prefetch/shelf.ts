import { extensionOf, isWheel } from '../spec/filename.ts'
import type { File } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import { isPrerelease } from '../spec/release.ts'
import { asksForPrereleases } from '../spec/specifier.ts'
import { wheelTags } from '../spec/tags.ts'
import { isSdist, type Edition, type Editions } from './editions.ts'
import { contradiction } from './hashes.ts'
import type { Machine } from './machine.ts'
import { isPinned, type Need } from './need.ts'
import type { Wishes } from './wish.ts'

/** A version of a project and the file of it that a machine would install. */
export interface Candidate {
  readonly name: Name
  readonly edition: Edition
  readonly file: File
}

/** A file on a page or in a lock. */
export type ListedFile = Pick<File, 'filename' | 'requires-python'>

/** What the input says of all projects. */
export type Rules = Pick<Wishes, 'prereleases' | 'noBinary' | 'onlyBinary'>

/** Without any option, as build environments are resolved. */
export const noRules: Rules = { prereleases: false, noBinary: new Set(), onlyBinary: new Set() }

/** What one machine may install, the best first. */
export class Shelf {
  readonly machine: Machine
  readonly #rules: Rules
  readonly #best = new WeakMap<Edition, Candidate | 'none'>()

  constructor(machine: Machine, rules: Rules) {
    this.machine = machine
    this.#rules = rules
  }

  /**
   * The candidates that meet all needs, the newest first, by pip's rules: pre-releases only where
   * they are asked for or nothing else is left, yanked files only for a pinned version of which
   * there are no others (PEP 592), of each version the wheel that fits best, else its sdist.
   */
  candidates(editions: Editions, needs: readonly Need[]): Candidate[] {
    const sets = needs.map(({ specifier, specifiers }) => editions.within(specifier, specifiers))
    const hashes = needs.map(need => need.hashes).filter(some => some.length > 0)
    const found: Candidate[] = []
    for (const edition of editions.all) {
      if (!sets.every(set => set.has(edition))) continue
      const candidate = hashes.length === 0 ? this.#known(edition) : this.#choose(edition, hashes)
      if (candidate !== undefined) found.push(candidate)
    }
    const fresh = found.filter(({ file }) => !isYanked(file))
    const left = fresh.length === 0 && needs.some(isPinned) ? found : fresh
    if (this.#rules.prereleases || needs.some(need => asksForPrereleases(need.specifiers)))
      return left
    const final = left.filter(({ edition }) => !isPrerelease(edition.version))
    return final.length > 0 ? final : left
  }

  /**
   * The files of a version to have for all machines that the target stands for: the wheels they
   * install, or the sdist where no wheel fits; for the platform `any` everything that fits.
   */
  wanted<Listed extends ListedFile>(name: Name, files: readonly Listed[]): Listed[] {
    const fitting = this.fitting(name, files)
    if (this.machine.target.platform === 'any') return fitting
    const wheels = fitting.filter(({ filename }) => isWheel(filename))
    if (wheels.length === 0) return fitting.slice(0, 1)
    const chosen = new Set(
      this.machine.wheels.choose(wheels.map(({ filename }) => filename)).wheels,
    )
    return wheels.filter(({ filename }) => chosen.has(filename))
  }

  /** The files of a version that fit the machine, the best first: wheels before sdists. */
  fitting<Listed extends ListedFile>(name: Name, files: readonly Listed[]): Listed[] {
    const able = files.filter(file => this.machine.runs(file['requires-python']))
    const wheels = this.#mayTake(name, this.#rules.noBinary) ? this.#ranked(able) : []
    const sdists = this.#mayTake(name, this.#rules.onlyBinary) ? able.filter(isSource) : []
    return [...wheels, ...sdists.toSorted(byKind)]
  }

  #known(edition: Edition): Candidate | undefined {
    const known = this.#best.get(edition)
    if (known !== undefined) return known === 'none' ? undefined : known
    const candidate = this.#choose(edition, [])
    this.#best.set(edition, candidate ?? 'none')
    return candidate
  }

  #choose(edition: Edition, hashes: readonly (readonly string[])[]): Candidate | undefined {
    const { name, files } = edition
    const allowed = files.filter(file =>
      hashes.every(some => contradiction(some, file.hashes) === undefined),
    )
    const fitting = this.fitting(name, allowed)
    const file = fitting.find(one => !isYanked(one)) ?? fitting[0]
    return file === undefined ? undefined : { name, edition, file }
  }

  #mayTake(name: Name, excluded: ReadonlySet<string>): boolean {
    return !excluded.has(name) && !excluded.has(':all:')
  }

  #ranked<Listed extends ListedFile>(files: readonly Listed[]): Listed[] {
    return files
      .map(file => ({ file, rank: this.machine.wheels.rank(file.filename) ?? Infinity }))
      .filter(({ rank }) => rank !== Infinity)
      .toSorted((a, b) => a.rank - b.rank || byBuild(a.file, b.file))
      .map(({ file }) => file)
  }
}

/** True for a file that its authors withdrew (PEP 592). */
export const isYanked = ({ yanked }: File): boolean => (yanked ?? false) !== false

const isSource = ({ filename }: ListedFile): boolean => isSdist(filename)

// Where the tags are the same the greater build number counts.
const byBuild = (a: ListedFile, b: ListedFile): number => {
  const [one, oneRest] = wheelTags(a.filename)?.build ?? [-1, '']
  const [two, twoRest] = wheelTags(b.filename)?.build ?? [-1, '']
  if (one !== two) return two - one
  return (
    oneRest === twoRest ? 0
    : oneRest < twoRest ? 1
    : -1
  )
}

// Today's kind first, which every installer reads.
const byKind = (a: ListedFile, b: ListedFile): number => kind(a) - kind(b)
const kind = ({ filename }: ListedFile): number => (extensionOf(filename) === '.tar.gz' ? 0 : 1)
