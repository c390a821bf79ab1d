import type { IndexConfig } from '../../spec/index-config.ts'
import type { IndexName } from '../../spec/index-name.ts'
import { isObject } from '../../spec/json-value.ts'
import { projectName, type Name } from '../../spec/project-name.ts'
import { releaseVersion, type ReleaseVersion } from '../../spec/release-version.ts'
import { readVersionData, type VersionData } from '../../spec/version-data.ts'
import { readDumpedConfig } from './dumped-config.ts'
import { readDumpedFile, type DumpedFile } from './dumped-file.ts'

/** What an export has of a project. */
export interface DumpedProject {
  readonly releases: Map<ReleaseVersion, VersionData>
  readonly files: DumpedFile[]
}

/** An index of an export. */
export interface DumpedIndex {
  readonly name: IndexName
  readonly config: IndexConfig
  readonly projects: ReadonlyMap<Name, DumpedProject>
  /** Why something of it cannot be taken. */
  readonly problems: readonly string[]
}

class Projects {
  readonly all = new Map<Name, DumpedProject>()
  readonly problems: string[] = []
  readonly #index: IndexName

  constructor(index: IndexName) {
    this.#index = index
  }

  #of(name: Name): DumpedProject {
    const project = this.all.get(name) ?? { releases: new Map(), files: [] }
    this.all.set(name, project)
    return project
  }

  // Names were not always normalised, so two spellings may be one project (F02).
  register(spelling: string, versions: unknown): void {
    const name = projectName(spelling)
    if (name === undefined) {
      this.problems.push(`${this.#index} has ${JSON.stringify(spelling)}, which is no project name`)
      return
    }
    const { releases } = this.#of(name)
    for (const [text, data] of Object.entries(isObject(versions) ? versions : {})) {
      const version = releaseVersion(text)
      if (version === undefined)
        this.problems.push(
          `${name} in ${this.#index} has ${JSON.stringify(text)}, which is no version`,
        )
      else if (isObject(data)) releases.set(version, readVersionData({ name, ...data, version }))
    }
  }

  file(value: unknown): void {
    const file = readDumpedFile(value)
    if (typeof file === 'string') this.problems.push(`in ${this.#index}, ${file}`)
    else this.#of(file.name).files.push(file)
  }
}

/**
 * An index as an export has it.
 * @throws {InputError} for settings that cannot be
 */
export const readDumpedIndex = (name: IndexName, value: unknown): DumpedIndex => {
  const { indexconfig, projects = {}, files = [] } = isObject(value) ? value : {}
  const config = readDumpedConfig(name, indexconfig)
  const found = new Projects(name)
  for (const [spelling, versions] of Object.entries(isObject(projects) ? projects : {}))
    found.register(spelling, versions)
  for (const file of Array.isArray(files) ? files : []) found.file(file)
  return { name, config, projects: found.all, problems: found.problems }
}
