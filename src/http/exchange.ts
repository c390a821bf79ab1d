import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { RequestBody } from './body.ts'
import { segmentsOf, splitTarget } from './target.ts'

/** A request but for its body, as a parser understood it. */
export interface RequestHead {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: Readonly<IncomingHttpHeaders>
  readonly httpVersionMajor: number
  readonly httpVersionMinor: number
  /** True when all of it has come. */
  readonly complete: boolean
  readonly socket: Socket
}

const hasStream = (request: RequestHead): request is IncomingMessage => 'resume' in request

/** One request, looked at only as far as somebody asks. */
export class Exchange {
  readonly request: RequestHead
  readonly method: string
  /** The path as it came, without the query. */
  path: string
  /** The query as it came, without its question mark; empty when there is none. */
  readonly query: string
  /** Bytes of the body sent so far. */
  sent = 0
  /** Who asks, once that was found out by credentials. */
  user: string | undefined
  readonly #response: ServerResponse | undefined
  #segments: readonly string[] | undefined
  #body: RequestBody | undefined

  /** @param response where the client is told to go on, when it waits for that with its body */
  constructor(request: RequestHead, response?: ServerResponse) {
    this.request = request
    // Held by no other exchange: what outlives its request for a moment costs collection time.
    this.#response = request.headers.expect === undefined ? undefined : response
    this.method = request.method ?? 'GET'
    const target = request.url ?? '/'
    // The usual case without a search for anything but the query.
    if (target.charCodeAt(0) === 47 && !target.includes('?')) {
      this.path = target
      this.query = ''
    } else {
      const { path, query } = splitTarget(target)
      this.path = path
      this.query = query
    }
  }

  /**
   * The decoded segments of the path; none for `/`.
   * @throws {HttpError} when the path is malformed or cannot be ours
   */
  get segments(): readonly string[] {
    this.#segments ??= segmentsOf(this.path)
    return this.#segments
  }

  /** Takes this off the begin of the path, if the path is it or goes on below it. */
  strip(prefix: string): void {
    if (this.path !== prefix && !this.path.startsWith(`${prefix}/`)) return
    this.path = this.path.slice(prefix.length) || '/'
    this.#segments = undefined
  }

  /** True when the path ends in a slash. */
  get slash(): boolean {
    return this.path.endsWith('/')
  }

  /** A header by its lower-case name; several lines of one name are joined by commas. */
  header(name: string): string | undefined {
    const value = this.request.headers[name]
    return typeof value === 'string' ? value : undefined
  }

  /** The first value of a query parameter, decoded; undefined when it is not there. */
  parameter(name: string): string | undefined {
    return this.query === '' ? undefined : (new URLSearchParams(this.query).get(name) ?? undefined)
  }

  /**
   * True when the client wants the answer confirmed upstream, however fresh ours is. `max-age=0`
   * counts too, but not from pip before 26.2, which sent it with every request.
   */
  get confirm(): boolean {
    const control = this.header('cache-control')
    if (control === undefined)
      return this.header('pragma')?.toLowerCase().includes('no-cache') ?? false
    const directives = control.toLowerCase()
    if (directives.includes('no-cache')) return true
    return (
      /(?:^|[,\s])max-age=0+(?:$|[,\s])/.test(directives) && !isOldPip(this.header('user-agent'))
    )
  }

  /**
   * The body, which stays with the client until somebody reads it.
   * @throws {TypeError} when the request was found to have none before there was an exchange
   */
  get body(): RequestBody {
    if (!hasStream(this.request)) throw new TypeError('this request has no body')
    return (this.#body ??= new RequestBody(this.request, this.#response))
  }

  /** True when the client announced a body. */
  get hasBody(): boolean {
    const { headers } = this.request
    const length = headers['content-length']
    return (
      headers['transfer-encoding'] !== undefined || (length !== undefined && !/^0+$/.test(length))
    )
  }
}

const isOldPip = (agent: string | undefined): boolean => {
  const version = /^pip\/(\d{1,4})\.(\d{1,4})/.exec(agent ?? '')
  if (version === null) return false
  const major = Number(version[1])
  return major < 26 || (major === 26 && Number(version[2]) < 2)
}
