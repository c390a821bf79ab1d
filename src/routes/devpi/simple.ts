import { formatType, simpleFormat } from '../../http/negotiate.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Reply } from '../../http/reply.ts'
import type { Index } from '../../index/index.ts'
import type { Opened } from '../../index/registry.ts'
import { projectName, type Name } from '../../spec/project-name.ts'
import { SimpleAnswers } from '../simple-answers.ts'
import { found, Refusal } from './envelope.ts'
import { readingWhole } from './reading.ts'
import type { DevpiRequest, IndexHandler } from './request.ts'

const answersOf = new WeakMap<Index, SimpleAnswers>()

const answersFor = ({ sources }: DevpiRequest, { whole }: Opened): SimpleAnswers => {
  const known = answersOf.get(whole)
  if (known !== undefined) return known
  const made = new SimpleAnswers(whole, sources.cache)
  answersOf.set(whole, made)
  return made
}

const installers = new Set(['distribute', 'setuptools', 'pip', 'pex', 'uv'])

/** True for programs that install, by a word of their `User-Agent` such as `pip/24.0` (devpi-api 1.7). */
export const isInstaller = (exchange: Exchange): boolean =>
  (exchange.header('user-agent') ?? '').split(' ').some(word => {
    const slash = word.indexOf('/')
    return slash > 0 && installers.has(word.slice(0, slash))
  })

// What is kept of a query is the form that was asked for (SA-3).
const formOf = (exchange: Exchange): string => {
  const type = formatType(exchange.parameter('format'))
  return type === undefined ? '' : `?format=${encodeURIComponent(type)}`
}

// Programs get the page at once, browsers the URL below which its links are right.
const isDirect = (exchange: Exchange): boolean =>
  exchange.slash ||
  isInstaller(exchange) ||
  simpleFormat(exchange.header('accept'), exchange.parameter('format')) === 'json'

/** What stands before the paths of files in a page (devpi-api 10.5). */
const prefixOf = ({ exchange, base, up }: DevpiRequest): string =>
  exchange.header('x-devpi-absolute-urls') === undefined ? up : base

/** 404, for a project that neither the index nor anything that it inherits has. */
export const noProject = (name: string): Refusal =>
  new Refusal(404, `The project ${name} does not exist.`, { shape: 'mixed' })

/**
 * The name of a project in a path.
 * @throws {Refusal} 404 for what is none; 400 for one beyond ASCII, as devpi has it
 */
export const projectIn = (asked: string): Name => {
  const name = projectName(asked)
  if (name !== undefined) return name
  if (/[^\0-\x7f]/.test(asked))
    throw new Refusal(400, 'unicode project names not allowed', { shape: 'mixed' })
  throw noProject(asked)
}

const page = async (request: DevpiRequest, index: Opened, asked: string): Promise<Reply> => {
  const { exchange } = request
  const name = projectIn(asked)
  const form = formOf(exchange)
  if (asked !== name) return found(`${exchange.slash ? `../${name}/` : name}${form}`)
  if (!isDirect(exchange)) return found(`${name}/${form}`)
  return readingWhole(request, index, async () => {
    const answer = await answersFor(request, index).page(exchange, name, prefixOf(request))
    if (answer === undefined) throw noProject(name)
    return answer
  })
}

/**
 * The simple pages of an index and all that it inherits: `+simple`, `+simple/PROJECT`, and without
 * `+simple` for installers (devpi-api 10). Other spellings of a project lead to its own.
 */
export const simpleHandler: IndexHandler = (request, index, rest) => {
  const { exchange } = request
  const [asked, ...more] = rest[0] === '+simple' ? rest.slice(1) : rest
  if (more.length > 0) throw new Refusal(404, 'not found: no such path', { shape: 'page' })
  if (asked !== undefined) return page(request, index, asked)
  if (!isDirect(exchange)) return found(`${exchange.segments.at(-1)}/${formOf(exchange)}`)
  return readingWhole(request, index, () => answersFor(request, index).list(exchange))
}
