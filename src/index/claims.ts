import { bounded } from '../bounded.ts'
import { readObject } from '../disk/json.ts'
import type { Layout } from '../disk/layout.ts'
import { replaceKnown } from '../disk/replace-known.ts'
import { identityOf, statsOf } from '../disk/stamp.ts'
import type { Name } from '../spec/project-name.ts'

/** Since when the names of projects are private, should all their files vanish. */
export class Claims {
  readonly #layout: Layout
  readonly #known = bounded<Name, { identity: string; since: string }>(2000)

  constructor(layout: Layout) {
    this.#layout = layout
  }

  /**
   * ISO time since when a name is private; undefined when it is not. A broken claim is one all the
   * same: a private name is never asked upstream by mistake.
   */
  async since(name: Name): Promise<string | undefined> {
    const path = this.#layout.claim(name)
    const stats = statsOf(path)
    if (stats === undefined) return undefined
    const identity = identityOf(stats)
    const known = this.#known.get(name)
    if (known?.identity === identity) return known.since
    const told = (await readObject(path))?.['since']
    const since = typeof told === 'string' ? told : new Date(0).toISOString()
    this.#known.set(name, { identity, since })
    return since
  }

  /** Claims a name unless it is claimed already. Not durable: while there are files they say it themselves. */
  async make(name: Name, since: string): Promise<void> {
    const path = this.#layout.claim(name)
    if (statsOf(path) !== undefined) return
    const text = JSON.stringify({ since })
    const identity = await replaceKnown(this.#layout, path, text, { durable: false })
    if (identity !== undefined) this.#known.set(name, { identity, since })
  }
}
