import type { Target } from '../spec/environment.ts'
import { InputError } from '../spec/input-error.ts'
import type { File } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import { parseRequirement } from '../spec/requirement.ts'
import { evaluate } from '../spec/evaluate.ts'
import type { Decided } from './criteria.ts'
import { Dependencies } from './dependencies.ts'
import { isSdist } from './editions.ts'
import { UnsatisfiableError } from './explain.ts'
import { contradiction } from './hashes.ts'
import { Machine } from './machine.ts'
import { needOf, type Need } from './need.ts'
import { Resolver } from './resolver.ts'
import { Scout } from './scout.ts'
import type { Session } from './session.ts'
import { isYanked, noRules, Shelf, type Rules } from './shelf.ts'
import type { Wish } from './wish.ts'

/** What is to be resolved and fetched for one target. */
export interface Order {
  readonly wishes: readonly Wish[]
  readonly constraints: readonly Wish[]
  readonly rules: Rules
  readonly target: Target
  /** The lines that fail where the wishes are no lines, but what something is built with. */
  readonly behalf?: readonly Wish[]
}

/** Resolves wishes and everything they lead to, builds of sdists too, and has the files fetched. */
export class Closures {
  readonly #session: Session
  readonly #built = new Set<string>()

  constructor(session: Session) {
    this.#session = session
  }

  /** What cannot be had is noted and left out, so that the rest is here all the same. */
  async fetch(order: Order): Promise<void> {
    const { catalog, signal } = this.#session
    const machine = new Machine(concrete(order.target, this.#session.host))
    const shelf = new Shelf(machine, order.rules)
    const constraints = byName(order.constraints.map(needOf))
    const dependencies = new Dependencies(catalog, machine)
    const parts = { catalog, shelf, dependencies, constraints, signal }
    const scout = new Scout(parts)
    const roots = order.wishes.map(needOf)
    scout.explore(roots)
    const found = await this.#resolve(() => new Resolver({ ...parts, scout }), roots, order)
    const wide = new Shelf(new Machine(order.target), order.rules)
    for (const decided of found) this.#session.begin(() => this.#fetchVersion(order, wide, decided))
  }

  // A line that cannot be had must not keep the others from the cache.
  async #resolve(search: () => Resolver, roots: readonly Need[], order: Order): Promise<Decided[]> {
    const reasons = await Promise.all(roots.map(need => search().impossible(need)))
    for (const reason of reasons) if (reason !== undefined) this.#fail(order, reason)
    let left = roots.filter((_, place) => reasons[place] === undefined)
    while (left.length > 0) {
      const outcome = await search()
        .resolve(left)
        .catch((error: unknown) => {
          if (error instanceof UnsatisfiableError) return error
          throw error
        })
      if (!(outcome instanceof UnsatisfiableError)) return outcome
      this.#fail(order, outcome)
      // A search that was given up knows of no line: the next would be given up, too.
      if (outcome.wishes.length === 0) break
      left = left.filter(({ wish }) => wish !== undefined && !outcome.wishes.includes(wish))
    }
    return []
  }

  #fail({ wishes, behalf }: Order, error: UnsatisfiableError): void {
    const guilty = error.wishes.length > 0 ? error.wishes : wishes
    if (behalf === undefined) this.#session.tally.fail(guilty, error.message)
    else this.#session.tally.fail(behalf, `${guilty[0]?.place}: ${error.message}`)
  }

  async #fetchVersion(order: Order, shelf: Shelf, { candidate, wishes }: Decided): Promise<void> {
    const { name, edition, file } = candidate
    const demands = [...order.wishes, ...order.constraints].filter(
      wish => wish.name === name && wish.hashes.length > 0,
    )
    const allowed = edition.files.filter(
      one =>
        isYanked(one) === isYanked(file) &&
        demands.every(({ hashes }) => contradiction(hashes, one.hashes) === undefined),
    )
    const origins = order.behalf ?? [...wishes]
    const lines = order.behalf === undefined ? origins.filter(wish => wish.name === name) : []
    const chosen = new Set([file, ...shelf.wanted(name, allowed)])
    await Promise.all(
      [...chosen].map(one =>
        this.#session.fetch({
          name,
          file: one,
          hashes: demands[0]?.hashes ?? [],
          demander: demands[0]?.place ?? '',
          lines,
          origins,
        }),
      ),
    )
    if (isSdist(file.filename)) await this.build(name, file, shelf.machine.target, origins)
  }

  /** Has everything fetched that building a source distribution needs, which is in the cache. */
  async build(name: Name, file: File, target: Target, behalf: readonly Wish[]): Promise<void> {
    const { catalog, tally, host } = this.#session
    const told = await catalog.told(name, file).catch((error: unknown) => {
      tally.note(`${file.filename} cannot be read: ${(error as Error).message}`)
    })
    if (told?.note !== undefined) tally.note(told.note)
    const { environment } = new Machine(concrete(target, host))
    const wishes = (told?.build ?? []).flatMap(text => wishesIn(text, `to build ${file.filename}`))
    const needed = wishes.filter(({ appliesTo }) => appliesTo(environment))
    const key = [target.python, target.platform, ...needed.map(({ line }) => line)].join('\n')
    if (needed.length === 0 || this.#built.has(key)) return
    this.#built.add(key)
    await this.fetch({ wishes: needed, constraints: [], rules: noRules, target, behalf })
  }
}

/** The target itself, or where it leaves something open what is resolved in its place. */
export const concrete = (target: Target, host: Target): Target => ({
  python: target.python === 'any' ? host.python : target.python,
  platform: target.platform === 'any' ? host.platform : target.platform,
})

const byName = (needs: readonly Need[]): Map<Name, Need[]> => {
  const found = new Map<Name, Need[]>()
  for (const need of needs) found.set(need.name, [...(found.get(need.name) ?? []), need])
  return found
}

// A requirement of a build that cannot be read fails there, not here.
const wishesIn = (line: string, place: string): Wish[] => {
  try {
    const { name, extras, specifier, url, marker } = parseRequirement(line)
    if (url !== undefined) return []
    return [
      {
        line,
        place,
        name,
        extras,
        specifier,
        hashes: [],
        required: true,
        appliesTo: environment => evaluate(marker, environment),
      },
    ]
  } catch (error) {
    if (error instanceof InputError) return []
    throw error
  }
}
