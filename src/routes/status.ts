import type { Layout } from '../disk/layout.ts'
import { join } from 'node:path'
import { discard, replace, uniqueName } from '../disk/write.ts'
import { text } from '../http/reply.ts'
import type { Reading } from '../http/router.ts'

const nothing = text(404, 'not found: no such path')

/** `/-/health`: the process answers. */
export const healthRoute: Reading = {
  GET: (_, rest) => (rest.length > 0 ? nothing : text(200, 'ok')),
}

/** `/-/ready`: it can serve and write; 503 with the reason otherwise. */
export const readyRoute = (layout: Layout): Reading => ({
  GET: async (_, rest) => {
    if (rest.length > 0) return nothing
    const path = join(layout.temporary, `ready-${uniqueName()}`)
    try {
      await replace(layout, path, 'ok\n')
      await discard(path)
      return text(200, 'ready')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      return text(503, `not ready: the cache cannot be written (${code ?? 'unknown reason'})`, [
        'Retry-After',
        '5',
      ])
    }
  },
})
