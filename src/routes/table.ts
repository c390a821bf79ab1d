import type { Exchange } from '../http/exchange.ts'
import type { Handler, Reading, Route } from '../http/router.ts'
import { acceptance } from '../http/negotiate.ts'
import type { Stack } from '../index/stack.ts'
import type { Stage } from '../index/stage.ts'
import { guard, type GuardedHandler } from './access.ts'
import { isDevpiClient } from './devpi/agents.ts'
import { devpiHandler } from './devpi/dispatch.ts'
import type { DevpiSources } from './devpi/request.ts'
import { filesRoute } from './files.ts'
import { homeRoute } from './home.ts'
import { changeHandler, type Change } from './manage.ts'
import { projectJsonRoute } from './project-json.ts'
import { provenanceRoute } from './provenance.ts'
import { putPackageHandler, uploadPackageHandler } from './pypicache.ts'
import { requirementsHandler } from './requirements.ts'
import { simpleRoute } from './simple.ts'
import { healthRoute, readyRoute } from './status.ts'
import { uploadHandler } from './upload.ts'

/** What answers are made from. */
export interface Sources extends DevpiSources {
  readonly root: Stack
  readonly local: Stack
  readonly stage: Stage
}

/** A route of ours that is devpi's to some, and to all who want more of it than it does. */
const shared = (
  route: Route,
  devpi: Handler,
  isDevpis: (exchange: Exchange) => boolean,
): Route => ({
  ...Object.fromEntries(
    Object.entries(route).map(([method, handler]): [string, Handler] => [
      method,
      (exchange, rest) => (isDevpis(exchange) ? devpi : handler)(exchange, rest),
    ]),
  ),
  any: devpi,
})

// Below the root lies all that no longer route takes; the root itself is a page, and to programs the users.
const isBelowOrJson = (exchange: Exchange): boolean => {
  if (exchange.segments.length > 0) return true
  const accept = exchange.header('accept')
  return (
    exchange.method !== 'POST' &&
    acceptance(accept, 'application/json') > acceptance(accept, 'text/html')
  )
}

/** Every path there is, with what it takes to be answered there (fault P26). */
export const routes = (sources: Sources): Readonly<Record<string, Route>> => {
  const { layout, root, local, stage, access, journal, maxUpload, url, cache, ahead } = sources
  const devpi = devpiHandler(sources)
  const publishing = { stage, access, journal, maxUpload, temporary: layout.temporary }
  const open = (route: Reading) => guard(access, route, { GET: 'open' })
  const reading = (route: Reading) => guard(access, route, { GET: 'read' })
  const posting = (POST: GuardedHandler) => guard(access, { POST }, { POST: 'publish' })
  const upload = uploadHandler(publishing)
  const change = (change: Change) => posting(changeHandler(publishing, change))
  const simple = (depth: number) => simpleRoute(root, cache, depth)
  const files = filesRoute(root, journal, ahead)
  const storing = { ...files, PUT: putPackageHandler(publishing) }
  const own = { fallback: url, outside: sources.outsideUrl }
  const both = { GET: 'read', POST: 'publish' } as const
  return {
    '': shared(
      guard(access, { ...homeRoute(own), POST: upload }, { GET: 'open', POST: 'publish' }),
      devpi,
      isBelowOrJson,
    ),
    simple: guard(access, { ...simple(1), POST: upload }, both),
    legacy: posting(upload),
    pypi: guard(access, { ...projectJsonRoute(root, own), POST: upload }, both),
    integrity: reading(
      provenanceRoute(root, (name, filename) => stage.attestations(name, filename)),
    ),
    // Where hatch looks before it uploads (UP-36).
    '+simple': reading(simple(1)),
    'simple/+simple': reading(simple(2)),
    'legacy/+simple': reading(simple(2)),
    'pypi/+simple': reading(simple(2)),
    'ext/pypi/simple': reading(simple(3)),
    'root/pypi/+simple': shared(reading(simple(3)), devpi, isDevpiClient),
    'root/pypi/simple': reading(simple(3)),
    local: reading(simpleRoute(local, cache, 1)),
    packages: guard(access, storing, { GET: 'read', PUT: 'publish' }),
    package: reading(files),
    'requirements.txt': guard(
      access,
      { POST: requirementsHandler(root, layout.temporary) },
      { POST: 'read' },
    ),
    uploadpackage: posting(uploadPackageHandler(publishing)),
    '-/yank': change('yank'),
    '-/unyank': change('unyank'),
    '-/delete': change('delete'),
    '-/restore': change('restore'),
    '-/health': open(healthRoute),
    '-/ready': open(readyRoute(layout)),
  }
}
