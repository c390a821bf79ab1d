import type { Filename } from '../spec/filename.ts'
import type { CachedFile, LineReport, Report } from './report.ts'
import type { Wish, Wishes } from './wish.ts'

interface Line {
  readonly files: Set<Filename>
  readonly failures: Set<string>
  isNeeded: boolean
}

/** Notes what becomes of each line, for the report. */
export class Tally {
  readonly #lines = new Map<Wish, Line>()
  readonly #failures = new Set<string>()
  readonly #notes = new Set<string>()

  /** Some machine needs the line. */
  needed(wish: Wish): void {
    this.#of(wish).isNeeded = true
  }

  /** A file of the line is in the cache. */
  cached(wish: Wish, filename: Filename): void {
    this.#of(wish).files.add(filename)
  }

  /** Something failed, which these lines lead to. */
  fail(wishes: readonly Wish[], reason: string): void {
    const [first] = wishes
    this.#failures.add(first === undefined ? reason : `${first.place}: ${reason}`)
    for (const wish of wishes) this.#of(wish).failures.add(reason)
  }

  note(text: string): void {
    this.#notes.add(text)
  }

  report({ wishes, unparseable }: Wishes, files: ReadonlyMap<Filename, CachedFile>): Report {
    const lines = wishes.map(wish => this.#reportOf(wish))
    const direct = new Set(lines.flatMap(line => line.files))
    const others = [...files.keys()].filter(filename => !direct.has(filename)).toSorted()
    return {
      lines,
      files: [...direct, ...others].flatMap(filename => files.get(filename) ?? []),
      failures: [...this.#failures],
      unparseable,
      notes: [...this.#notes],
    }
  }

  #of(wish: Wish): Line {
    const known = this.#lines.get(wish)
    if (known !== undefined) return known
    const line = { files: new Set<Filename>(), failures: new Set<string>(), isNeeded: false }
    this.#lines.set(wish, line)
    return line
  }

  #reportOf(wish: Wish): LineReport {
    const { files, failures, isNeeded } = this.#of(wish)
    return {
      line: wish.line,
      place: wish.place,
      files: [...files].toSorted(),
      failures: [...failures],
      ...(!isNeeded && { skipped: 'no target needs it' }),
    }
  }
}
