import { createHash } from 'node:crypto'
import { matches } from '../http/conditions.ts'
import { json, octetsOf, redirect, type Reply } from '../http/reply.ts'
import type { Handler, Reading } from '../http/router.ts'
import type { Index } from '../index/index.ts'
import { distFilename, fileVersion, type Filename } from '../spec/filename.ts'
import { projectName, type Name } from '../spec/project-name.ts'
import { provenancePath } from '../spec/public-path.ts'
import { isSameVersion } from '../spec/same-version.ts'

/** The attestations that came with an uploaded file; undefined when there are none. */
export type Attestations = (
  name: Name,
  filename: Filename,
) => Promise<readonly unknown[] | undefined>

const versioned = 'application/vnd.pypi.integrity.v1+json'
const types: ReadonlyMap<string, string> = new Map([
  [versioned, versioned],
  ['application/vnd.pypi.integrity.latest+json', versioned],
  ['application/json', 'application/json'],
  ['application/*', versioned],
  ['*/*', versioned],
])

/** The media type for an Accept header, the first that we have; undefined when there is none (PY-10). */
const typeFor = (accept: string | undefined): string | undefined => {
  for (const element of (accept ?? '*/*').toLowerCase().split(',')) {
    const [type = '', ...parameters] = element.split(';').map(part => part.trim())
    const found = types.get(type)
    const isRefused = parameters.some(parameter => /^q=0(?:\.0{0,3})?$/.test(parameter))
    if (found !== undefined && !isRefused) return found
  }
  return undefined
}

const missing = json(404, { message: 'No provenance available' })

const common = (etag: string): string[] => [
  'ETag',
  etag,
  'Vary',
  'Accept',
  // More bundles may come while the file stays (SA-87).
  'Cache-Control',
  'no-cache',
  'Access-Control-Allow-Origin',
  '*',
]

// Who published is known to us as a user of this server; whether that proves anything is for who
// installs the file to say.
const provenanceOf = (attestations: readonly unknown[]): string =>
  JSON.stringify({
    version: 1,
    attestation_bundles: [{ publisher: { kind: 'proxypypi' }, attestations }],
  })

/**
 * The provenance objects of files (PEP 740): made of the attestations that came with an upload, or
 * upstream's own, byte for byte.
 */
export const provenanceRoute = (index: Index, attestations: Attestations): Reading => {
  const textOf = async (name: Name, filename: Filename): Promise<string | undefined> => {
    const project = await index.project(name)
    const file = (await project?.page())?.files.find(listed => listed.filename === filename)
    if (project === undefined || file === undefined) return undefined
    const own = await attestations(name, filename)
    if (own !== undefined) return provenanceOf(own)
    const { provenance } = file
    if (typeof provenance !== 'string' || !URL.canParse(provenance)) return undefined
    return (await project.api?.provenance(name, provenance))?.text()
  }

  const get: Handler = async (exchange, rest): Promise<Reply> => {
    const [asked = '', version = '', named = '', last] = rest
    const name = projectName(asked)
    const filename = distFilename(named)
    if (name === undefined || filename === undefined) return missing
    if (last !== 'provenance' || rest.length > 4) return missing
    const own = fileVersion(name, filename)
    if (own === undefined || !isSameVersion(own, version)) return missing
    if (asked !== name || exchange.slash)
      return redirect(
        `${'../'.repeat(exchange.slash ? 5 : 4)}${provenancePath(name, version, filename)}`,
      )
    const type = typeFor(exchange.header('accept'))
    if (type === undefined) return json(406, { message: `only ${versioned} is here` })
    const text = await textOf(name, filename)
    if (text === undefined) return missing
    const digest = createHash('sha256').update(text).update(type).digest('base64url')
    const etag = `"${digest.slice(0, 27)}"`
    if (matches(exchange.header('if-none-match') ?? '', etag))
      return { status: 304, headers: common(etag) }
    return { status: 200, headers: ['Content-Type', type, ...common(etag)], body: octetsOf(text) }
  }
  return { GET: get }
}
