import { acceptance } from '../../http/negotiate.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Reply } from '../../http/reply.ts'
import { projectName } from '../../spec/project-name.ts'
import { found, Refusal } from './envelope.ts'
import type { Place } from './place.ts'
import type { DevpiRequest } from './request.ts'

const json = 'application/json'

/** True when JSON may be answered at all; also to whom nothing is said about types. */
export const admitsJson = (exchange: Exchange): boolean =>
  acceptance(exchange.header('accept'), json) > 0

/** True for browsers: a page is wanted rather than JSON. */
export const prefersPage = (exchange: Exchange): boolean => {
  const accept = exchange.header('accept')
  return acceptance(accept, 'text/html') > acceptance(accept, json)
}

/** True when JSON is asked for by name. */
export const namesJson = (exchange: Exchange): boolean =>
  (exchange.header('accept') ?? '').toLowerCase().includes(json)

/** True for the types of simple pages in JSON (PEP 691). */
export const namesSimpleJson = (exchange: Exchange): boolean =>
  /application\/vnd\.pypi\.simple\.(?:v1|latest)\+json/.test(exchange.header('accept') ?? '')

const encoded = (segments: readonly string[]): string =>
  segments.map(segment => encodeURIComponent(segment).replaceAll('%2B', '+')).join('/')

/** Another of our paths, from wherever this client sees us. */
const elsewhere = (
  { exchange, up }: DevpiRequest,
  segments: readonly string[],
  slash: boolean,
): Reply => {
  const query = /^[!-~]+$/.test(exchange.query) ? `?${exchange.query}` : ''
  return found(`${up}${encoded(segments)}${slash ? '/' : ''}${query}`)
}

/** To the simple page of an index or of one of its projects, which is what people can read. */
export const toSimple = (request: DevpiRequest, { user = '', index = '', rest }: Place): Reply =>
  elsewhere(request, [user, index, '+simple', ...rest.slice(0, 1)], true)

/**
 * To the normal spelling of the project in a path; undefined when it has that already (devpi-api 1.8).
 * @throws {Refusal} 404 for what is no name of a project
 */
export const toNormalName = (request: DevpiRequest, place: Place): Reply | undefined => {
  const { user = '', index = '', rest } = place
  const [asked = '', ...more] = rest
  const name = projectName(asked)
  if (name === undefined) throw new Refusal(404, `The project ${asked} does not exist.`)
  if (name === asked) return undefined
  return elsewhere(request, [user, index, name, ...more], request.exchange.slash)
}
