import { Batch } from '../../flight.ts'
import { formatType, simpleFormat } from '../../http/negotiate.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Reply } from '../../http/reply.ts'
import type { Project } from '../../index/index.ts'
import type { Opened } from '../../index/registry.ts'
import { projectName, type Name } from '../../spec/project-name.ts'
import { ownReply } from '../access.ts'
import { SimpleAnswers } from '../simple-answers.ts'
import { found, Refusal } from './envelope.ts'
import { readingWhole, requireReadWhole } from './reading.ts'
import type { DevpiRequest, IndexHandler } from './request.ts'

/** What somebody may see of a project. */
interface Look {
  /** Undefined when there is no such project. */
  readonly project: Project | undefined
  /** Nobody needs to be anybody to see it. */
  readonly isForAll: boolean
}

/** How an index as it is set up now is answered from. */
interface Answering {
  readonly answers: SimpleAnswers
  readonly looks: Batch<Look>
}

const answeringOf = new WeakMap<Opened, Answering>()

const answeringFor = ({ sources }: DevpiRequest, index: Opened): Answering => {
  const known = answeringOf.get(index)
  if (known !== undefined) return known
  const made = { answers: new SimpleAnswers(index.whole, sources.cache), looks: new Batch<Look>() }
  answeringOf.set(index, made)
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

const look = async (request: DevpiRequest, index: Opened, name: Name): Promise<Look> => {
  const isForAll = await requireReadWhole(request, index)
  const { confirm } = request.exchange
  return { project: await index.whole.project(name, { confirm }), isForAll }
}

const page = async (request: DevpiRequest, index: Opened, asked: string): Promise<Reply> => {
  const { exchange } = request
  const name = projectIn(asked)
  const form = formOf(exchange)
  if (asked !== name) return found(`${exchange.slash ? `../${name}/` : name}${form}`)
  if (!isDirect(exchange)) return found(`${name}/${form}`)
  const { answers, looks } = answeringFor(request, index)
  // Installers come in crowds: those that ask as the same user get one look at rights and project.
  const asking = `${name} ${exchange.confirm ? 'confirm' : ''} ${request.visitor.user ?? ''}`
  const { project, isForAll } = await looks.run(asking, () => look(request, index, name))
  if (project === undefined) throw noProject(name)
  const prefix = prefixOf(request)
  const reply = await answers.answer(exchange, project, prefix)
  // How this client calls us is no business of others either (fault X03).
  return isForAll && prefix === request.up ? reply : ownReply(reply)
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
  return readingWhole(request, index, () => answeringFor(request, index).answers.list(exchange))
}
