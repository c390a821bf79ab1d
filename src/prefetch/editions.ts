import { extensionOf, fileVersion, isWheel, type Filename } from '../spec/filename.ts'
import type { File } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import { compareReleases, parseRelease, type Release } from '../spec/release.ts'
import { fits, type Specifiers } from '../spec/specifier.ts'

/** All files of one version of a project. */
export interface Edition {
  readonly name: Name
  readonly version: Release
  readonly files: readonly File[]
}

/** Built by `bdist_dumb` for one platform, though it looks like a source distribution. */
const dumb = /\.(?:linux|macosx|win)(?:-|32)/

/** True for what installers take for a source distribution: the current kinds and those of old ones. */
export const isSdist = (filename: string): boolean => {
  const extension = extensionOf(filename)?.toLowerCase() ?? ''
  const isArchive = extension === '.zip' || extension === '.tgz' || extension.startsWith('.tar')
  return isArchive && !dumb.test(filename)
}

/**
 * The versions of a project, the newest first. Files that are neither wheel nor source
 * distribution, and those whose version PEP 440 does not know, are left out, as installers do.
 */
export class Editions {
  readonly name: Name
  readonly all: readonly Edition[]
  /** Every file of the page, those of no edition too. */
  readonly files: ReadonlyMap<Filename, File>
  readonly #within = new Map<string, ReadonlySet<Edition>>()

  constructor(name: Name, files: readonly File[]) {
    this.name = name
    this.files = new Map(files.map(file => [file.filename, file]))
    const byText = new Map<string, File[]>()
    for (const file of files) {
      if (!isWheel(file.filename) && !isSdist(file.filename)) continue
      const text = fileVersion(name, file.filename)
      if (text === undefined) continue
      const known = byText.get(text)
      if (known === undefined) byText.set(text, [file])
      else known.push(file)
    }
    this.all = merged(
      [...byText].flatMap(([text, its]) => {
        const version = parseRelease(text)
        return version === undefined ? [] : [{ name, version, files: its }]
      }),
    )
  }

  /** The editions whose versions meet the specifiers, pre-releases too; worked out once for each text. */
  within(text: string, specifiers: Specifiers): ReadonlySet<Edition> {
    const known = this.#within.get(text)
    if (known !== undefined) return known
    const found = new Set(this.all.filter(({ version }) => fits(specifiers, version)))
    this.#within.set(text, found)
    return found
  }
}

// The files of a version may spell it in several ways: 1.0 and 1.0.0 are the same.
const merged = (editions: readonly Edition[]): Edition[] => {
  const newestFirst = editions.toSorted((a, b) => compareReleases(b.version, a.version))
  const found: Edition[] = []
  for (const edition of newestFirst) {
    const last = found.at(-1)
    if (last !== undefined && compareReleases(last.version, edition.version) === 0)
      found[found.length - 1] = { ...last, files: [...last.files, ...edition.files] }
    else found.push(edition)
  }
  return found
}
