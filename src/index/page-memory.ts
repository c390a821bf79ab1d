import { LRUCache } from 'lru-cache'
import { spare } from '../spare.ts'
import type { Page } from '../spec/page.ts'
import type { IndexName } from '../spec/index-name.ts'
import type { Project } from './index.ts'

/** So many files of pages are kept; one takes about a kilobyte. */
const most = 50_000

/** The pages of members of other indexes, so that a page over several costs that of the changed ones. */
export class PageMemory {
  readonly #pages = spare(
    new LRUCache<string, { revision: string; page: Page }>({
      maxSize: most,
      sizeCalculation: ({ page }) => page.files.length + 10,
    }),
  )

  /** The page of a project in this state of it. */
  async of(index: IndexName, project: Project): Promise<Page> {
    const key = `${index} ${project.name}`
    const known = this.#pages.get(key)
    if (known?.revision === project.revision) return known.page
    const page = await project.page()
    this.#pages.set(key, { revision: project.revision, page })
    return page
  }
}
