import { ArchiveError } from '../../archive/archive-error.ts'
import type { Resource } from '../../disk/resource.ts'
import type { Reply } from '../../http/reply.ts'
import type { Opened } from '../../index/registry.ts'
import { contentType } from '../../spec/content-type.ts'
import { projectName, type Name } from '../../spec/project-name.ts'
import { found, Refusal } from './envelope.ts'
import { reading } from './reading.ts'
import type { DevpiRequest, IndexHandler } from './request.ts'

/**
 * Documentation is pages and scripts of whoever may upload, at our own origin (fault P30): the
 * sandbox gives each page an origin of its own, so that it can neither read an answer of ours nor
 * use what a browser keeps for us. Its scripts, links and search forms work.
 */
const policy =
  "sandbox allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads; frame-ancestors 'self'"

const isolation = [
  'Content-Security-Policy',
  policy,
  'Referrer-Policy',
  'no-referrer',
  // For the fonts and search indexes that its own pages ask for from their origin of no name.
  'Access-Control-Allow-Origin',
  '*',
] as const

const member = (resource: Resource, path: string): Reply => ({
  status: 200,
  headers: ['Content-Type', contentType(path), 'Cache-Control', 'public, max-age=60', ...isolation],
  body: resource,
})

/** What a path of documentation names. */
interface Wanted {
  readonly name: Name
  /** As registered, or `latest` or `stable`. */
  readonly version: string
  /** Of the member, empty for none. */
  readonly path: readonly string[]
}

const front = 'index.html'

const urlOf = ({ up }: DevpiRequest, index: Opened, { name, version, path }: Wanted): string => {
  const segments = [version, '+doc', ...path].map(segment =>
    segment === '+doc' ? segment : encodeURIComponent(segment),
  )
  return `${up}${index.name}/${name}/${segments.join('/')}`
}

const look = async (
  { beside }: Opened,
  { name, version }: Wanted,
  path: string,
): Promise<Resource | undefined> => {
  try {
    return await beside.docs.member(name, version, path)
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error
    const why = `the documentation is damaged, upload it again: ${error.message}`
    throw new Refusal(404, why, { shape: 'mixed', cause: error })
  }
}

const find = async (request: DevpiRequest, index: Opened, wanted: Wanted): Promise<Reply> => {
  const { slash } = request.exchange
  const path = [...wanted.path, ...(slash ? [front] : [])].join('/')
  const resource = await look(index, wanted, path)
  if (resource !== undefined) return member(resource, path)
  // A directory without its slash, from where the links of its page would lead elsewhere.
  if (!slash && (await look(index, wanted, `${path}/${front}`)) !== undefined)
    return found(`${urlOf(request, index, wanted)}/`)
  const { name, version } = wanted
  throw new Refusal(
    404,
    `no such page in the documentation of ${name} ${version} on ${index.name}`,
    {
      shape: 'mixed',
    },
  )
}

const answer = async (
  request: DevpiRequest,
  index: Opened,
  [asked = '', version = '', kind = '', ...path]: readonly string[],
): Promise<Reply> => {
  const name = projectName(asked)
  if (name === undefined || index.stage === undefined)
    throw new Refusal(404, `no documentation of that on ${index.name}`, { shape: 'mixed' })
  const wanted = { name, version, path }
  if (path.length === 0) return found(urlOf(request, index, { ...wanted, path: [front] }))
  if (asked !== name || kind !== '+doc')
    return found(`${urlOf(request, index, wanted)}${request.exchange.slash ? '/' : ''}`)
  return find(request, index, wanted)
}

/**
 * `/{user}/{index}/{project}/{version}/+doc/{path}`: a file of a release's documentation, of this
 * index alone, for `latest` and `stable` of the newest release that has any (devpi-api 19.1). `+d`,
 * where devpi has the same in a frame, leads there.
 */
export const docsHandler: IndexHandler = (request, index, rest) =>
  reading(request, index, () => answer(request, index, rest))
