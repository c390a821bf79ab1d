import type { BigIntStats } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode } from '../disk/error-code.ts'
import type { Layout } from '../disk/layout.ts'
import { identityOf, linkStatsOf } from '../disk/stamp.ts'
import { inDirectory, uniqueName } from '../disk/write.ts'
import { Flight } from '../flight.ts'
import type { Log } from '../log.ts'
import type { Filename } from '../spec/filename.ts'

/** Takes damaged mirrored files out of the way, so that they are fetched again. */
export class Damaged {
  readonly #layout: Layout
  readonly #log: Log
  readonly #moving = new Flight<void>()

  constructor(layout: Layout, log: Log) {
    this.#layout = layout
    this.#log = log
  }

  /**
   * Sets a file aside, if it still is in the state in which it was found damaged. That it cannot be
   * moved is logged only.
   */
  async setAside(
    path: string,
    filename: Filename,
    stats: BigIntStats,
    reason: string,
  ): Promise<void> {
    // Another request or process may have put a good one there by now.
    const now = linkStatsOf(path)
    if (now === undefined || identityOf(now) !== identityOf(stats)) return
    // Once for all who noticed: a second rename could take away what was fetched after the first.
    await this.#moving.run(path, async () => {
      this.#log.warn('cached file is damaged, set aside to be fetched again', {
        file: filename,
        reason,
      })
      const { damaged } = this.#layout
      const aside = join(damaged, `${uniqueName()}-${filename.slice(0, 150)}`)
      await inDirectory(damaged, () => rename(path, aside)).catch((error: unknown) => {
        if (hasCode(error, 'ENOENT')) return
        this.#log.error('damaged file cannot be moved', { file: filename, reason: String(error) })
      })
    })
  }
}
