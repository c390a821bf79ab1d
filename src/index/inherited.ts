import type { Resource } from '../disk/resource.ts'
import { HttpError } from '../http/error.ts'
import type { StageConfig } from '../spec/index-config.ts'
import type { IndexName } from '../spec/index-name.ts'
import { placesOf } from '../spec/places.ts'
import type { Name } from '../spec/project-name.ts'
import type { Ask, Found, Index, Kept, Project, Source, Wanted } from './index.ts'
import { inheritedPage } from './inherited-page.ts'
import type { PageMemory } from './page-memory.ts'
import { resolutionOf, type Member, type Resolution } from './resolution.ts'

/**
 * An index with all that it inherits: the first that has a file name wins, mirrors come last and are
 * not asked for a project that a stage has, unless it is on the whitelist; one without a list not even
 * then, unless it is on that list wherever it would be hidden (devpi-api 8). What fails is never
 * skipped: a list without it would look complete (devpi-api 24.3).
 */
export class Inherited<M extends Member> implements Index {
  readonly name: IndexName
  readonly limits: string | undefined
  readonly #members: () => Promise<readonly M[]>
  readonly #mode: StageConfig['mirror_whitelist_inheritance']
  readonly #pages: PageMemory

  /** `members`: itself and its bases in the order in which they are looked through, mirrors last. */
  constructor(
    name: IndexName,
    parts: {
      members: () => Promise<readonly M[]>
      mode: StageConfig['mirror_whitelist_inheritance']
      pages: PageMemory
      limits: string | undefined
    },
  ) {
    this.name = name
    this.limits = parts.limits
    this.#members = parts.members
    this.#mode = parts.mode
    this.#pages = parts.pages
  }

  /** Where a project is looked for; nobody upstream is asked for that. */
  async resolve(name: Name): Promise<Resolution<M>> {
    const asked = { name: this.name, mode: this.#mode }
    return resolutionOf(asked, name, await this.#members(), (member, work) =>
      this.#blaming(member, work),
    )
  }

  async *projects(): AsyncGenerator<Name, void> {
    const members = await this.#members()
    const seen = new Set<Name>()
    for (const member of members) {
      // The last one, a mirror with very many names perhaps, tells each name once.
      const isLast = member === members.at(-1)
      for await (const name of this.#namesOf(member)) {
        if (seen.has(name)) continue
        if (!isLast) seen.add(name)
        yield name
      }
    }
  }

  async *#namesOf(member: M): AsyncGenerator<Name, void> {
    try {
      yield* member.own.projects()
    } catch (error) {
      throw this.#blame(member, error)
    }
  }

  async project(name: Name, ask: Ask = {}): Promise<Project | undefined> {
    const { looked, leftOut, note } = await this.resolve(name)
    const asked = await Promise.all(
      looked.map(async member => ({
        member,
        project: await this.#blaming(member, member.own.project(name, ask)),
      })),
    )
    const found = asked.flatMap(({ member, project }) =>
      project === undefined ? [] : [{ member, project }],
    )
    const [first] = found
    if (first === undefined) return undefined
    const revision = [
      ...found.map(({ member, project }) => `${member.name} ${project.revision}`),
      ...leftOut.map(member => `-${member.name}`),
    ].join('||')
    return {
      name,
      revision,
      source: sourceOf(found.map(({ project }) => project.source)),
      page: async () => {
        const reading = found.map(({ member, project }) =>
          this.#blaming(member, this.#pages.of(member.name, project)),
        )
        const isMirrored = first.member.isMirror
        return inheritedPage(name, await Promise.all(reading), { isMirrored, note })
      },
      api: found.find(({ project }) => project.api !== undefined)?.project.api,
    }
  }

  file(wanted: Wanted): Promise<Found | undefined> {
    return this.#first(wanted, index => index.file(wanted))
  }

  fetch(wanted: Wanted): Promise<Kept | undefined> {
    return this.#first(wanted, index => index.fetch(wanted))
  }

  metadata(wanted: Wanted): Promise<Found | undefined> {
    return this.#first(wanted, index => index.metadata(wanted))
  }

  peek(wanted: Wanted): Promise<Resource | undefined> {
    return this.#first(wanted, index => index.peek(wanted))
  }

  async #first<T>(
    { name, path }: Wanted,
    look: (index: Index) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const { looked } = await this.resolve(name)
    for (const member of looked) {
      if (path !== undefined && !placesOf(member.name).has(path)) continue
      const found = await this.#blaming(member, look(member.own))
      if (found !== undefined) return found
    }
    return undefined
  }

  #blaming<T>(member: M, work: Promise<T>): Promise<T> {
    return work.catch((error: unknown) => {
      throw this.#blame(member, error)
    })
  }

  // Which of the bases it was; errors of ours stay what they are.
  #blame(member: M, error: unknown): unknown {
    const { status, message } = error as { status?: unknown; message?: unknown }
    if (member.name === this.name || typeof status !== 'number') return error
    return new HttpError(status, `${this.name} inherits ${member.name}: ${String(message)}`, {
      cause: error,
    })
  }
}

/** How an answer made of several came about, by the one that took longest. */
const sourceOf = (sources: readonly Source[]): Source =>
  (['stale', 'miss', 'revalidated'] as const).find(source => sources.includes(source)) ?? 'hit'
