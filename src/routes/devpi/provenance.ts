import type { Reply } from '../../http/reply.ts'
import type { Reading } from '../../http/router.ts'
import type { Opened } from '../../index/registry.ts'
import { distFilename } from '../../spec/filename.ts'
import { placesOf } from '../../spec/places.ts'
import { projectName } from '../../spec/project-name.ts'
import { provenanceRoute } from '../provenance.ts'
import { found } from './envelope.ts'
import { reading } from './reading.ts'
import type { DevpiRequest, IndexHandler } from './request.ts'

const routes = new WeakMap<Opened, Reading>()

const routeFor = (index: Opened): Reading => {
  const known = routes.get(index)
  if (known !== undefined) return known
  const { own, stage } = index
  const made = provenanceRoute(own, async (name, filename) => stage?.attestations(name, filename))
  routes.set(index, made)
  return made
}

/** Where the same is found, when it was asked for in another spelling. */
const otherSpelling = (
  { exchange, up }: DevpiRequest,
  index: Opened,
  [asked = '', version = '', named = '']: readonly string[],
): Reply | undefined => {
  const name = projectName(asked)
  const filename = distFilename(named)
  if (name === undefined || filename === undefined) return undefined
  if (asked === name && !exchange.slash) return undefined
  return found(`${up}${placesOf(index.name).provenance(name, version, filename)}`)
}

/**
 * `+integrity/PROJECT/VERSION/FILE/provenance`: the provenance object of a file (PEP 740), as the
 * pages of this index announce it.
 */
export const provenanceHandler: IndexHandler = (request, index, rest) =>
  reading(request, index, () => {
    const below = rest.slice(1)
    return otherSpelling(request, index, below) ?? routeFor(index).GET(request.exchange, below)
  })
