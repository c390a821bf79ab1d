import type { Target } from '../spec/environment.ts'
import type { File } from '../spec/page.ts'
import type { Closures } from './closures.ts'
import { isSdist, type Editions } from './editions.ts'
import { contradiction } from './hashes.ts'
import { Machine } from './machine.ts'
import { describeNeed, needOf } from './need.ts'
import type { Session } from './session.ts'
import { Shelf } from './shelf.ts'
import type { LockedFile, Wish, Wishes } from './wish.ts'

/** Has those files of a lock fetched that a target installs, and nothing else but what sdists are built with. */
export class Locked {
  readonly #session: Session
  readonly #closures: Closures
  readonly #wishes: Wishes
  readonly #target: Target
  readonly #shelf: Shelf

  constructor(session: Session, closures: Closures, wishes: Wishes, target: Target) {
    this.#session = session
    this.#closures = closures
    this.#wishes = wishes
    this.#target = target
    this.#shelf = new Shelf(new Machine(target), wishes)
  }

  fetch(): void {
    const { environment } = this.#shelf.machine
    for (const wish of this.#wishes.wishes)
      if (wish.appliesTo(environment)) {
        this.#session.tally.needed(wish)
        this.#session.begin(() => this.#fetchWish(wish))
      }
  }

  async #fetchWish(wish: Wish): Promise<void> {
    const { catalog, tally } = this.#session
    try {
      const editions = await catalog.editions(wish.name)
      if (editions === undefined) tally.fail([wish], `there is no project ${wish.name}`)
      else if (wish.files === undefined) await this.#fetchVersion(wish, editions)
      else await this.#fetchListed(wish, wish.files, editions)
    } catch (error) {
      if (this.#session.signal.aborted) throw error
      tally.fail([wish], `${wish.name}: ${(error as Error).message}`)
    }
  }

  async #fetchListed(wish: Wish, listed: readonly LockedFile[], editions: Editions): Promise<void> {
    const known = listed.map(locked => ({
      ...locked,
      'requires-python': editions.files.get(locked.filename)?.['requires-python'] ?? null,
    }))
    const wanted = this.#shelf.wanted(wish.name, known)
    if (wanted.length === 0) this.#nothingFits(wish)
    await Promise.all(
      wanted.map(async ({ filename, hashes }) => {
        const file = editions.files.get(filename)
        if (file === undefined)
          this.#session.tally.fail([wish], `${filename} is in the lock, but not upstream`)
        else await this.#fetchFile(wish, file, hashes, wanted.length === 1)
      }),
    )
  }

  // A lock that tells no file names: the files of its version that have one of its hashes.
  async #fetchVersion(wish: Wish, editions: Editions): Promise<void> {
    const need = needOf(wish, 0)
    const [candidate] = this.#shelf.candidates(editions, [{ ...need, hashes: [] }])
    const edition = candidate?.edition ?? [...editions.within(need.specifier, need.specifiers)][0]
    if (edition === undefined)
      return this.#session.tally.fail([wish], `there is no ${describeNeed(need)}`)
    const allowed = edition.files.filter(
      ({ hashes }) => contradiction(wish.hashes, hashes) === undefined,
    )
    const wanted = this.#shelf.wanted(wish.name, allowed)
    if (wanted.length > 0)
      await Promise.all(
        wanted.map(file => this.#fetchFile(wish, file, wish.hashes, wanted.length === 1)),
      )
    else this.#explainNothing(wish, edition.files)
  }

  // Which hash is wrong can be told only of the files that would have been fetched.
  #explainNothing(wish: Wish, files: readonly File[]): void {
    const others = this.#shelf.wanted(wish.name, files)
    for (const { filename, hashes } of others)
      this.#session.tally.fail(
        [wish],
        `${filename} is another file than ${wish.place} demands: its ${contradiction(wish.hashes, hashes)}`,
      )
    if (others.length === 0) this.#nothingFits(wish)
  }

  #nothingFits(wish: Wish): void {
    if (wish.required)
      this.#session.tally.fail([wish], `${wish.line} has no file for ${this.#shelf.machine.title}`)
  }

  async #fetchFile(
    wish: Wish,
    file: File,
    hashes: readonly string[],
    isAlone: boolean,
  ): Promise<void> {
    const lines = [wish]
    const demand = { name: wish.name, file, hashes, demander: wish.place, lines, origins: lines }
    const isHere = await this.#session.fetch(demand)
    if (isHere && isAlone && isSdist(file.filename))
      await this.#closures.build(wish.name, file, this.#target, lines)
  }
}
