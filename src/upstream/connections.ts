import type { Dispatcher, Pool } from 'undici'
import type { SecureContext } from 'node:tls'
import { setFlagsFromString } from 'node:v8'
import { lookupPublic } from './address.ts'
import { endsWhilePaused, type Connector } from './connector.ts'
import { basicAuthorization, splitCredentials } from './credentials.ts'
import { proxyFor } from './proxy.ts'
import type { Trust } from './target.ts'

// Node 20 would optimize undici's parser, which is WebAssembly, as soon as it has read one answer. That
// takes 30 MB for a moment and a tenth of a second, just when somebody waits for the first byte.
// With the largest number here it happens after some hundred answers.
setFlagsFromString('--wasm-tiering-budget=2147483647')

// A quarter of the memory of an idle server, so it is loaded when somebody asks for something.
const load = () => import('undici')

type Undici = Awaited<ReturnType<typeof load>>

interface Tls {
  /** Milliseconds. */
  readonly timeout: number
  readonly rejectUnauthorized: true
  readonly secureContext?: SecureContext
}

/** How long to wait for an upstream, in seconds. */
export interface Timeouts {
  /** Until a connection stands, TLS included. */
  readonly connect: number
  /** From the request to the end of the answer's headers. */
  readonly firstByte: number
  /** For the next piece of a body. */
  readonly idle: number
}

/** Short requests must not wait behind long downloads, so each has connections of its own. */
export type Lane = 'short' | 'long'

// Together no more than sixteen an origin (PY-39).
const connectionsOf = { short: 8, long: 8 } as const

/**
 * The connections to one upstream and where it points. They are kept for a while when idle, without
 * keeping the process alive.
 */
export class Connections {
  readonly #env: Readonly<Record<string, string | undefined>>
  readonly #timeouts: Timeouts
  readonly #trusted: () => SecureContext | undefined
  readonly #dispatchers = new Map<string, Dispatcher>()
  readonly #ending = new Set<Dispatcher>()

  constructor(
    env: Readonly<Record<string, string | undefined>>,
    timeouts: Timeouts,
    trusted: () => SecureContext | undefined,
  ) {
    this.#env = env
    this.#timeouts = timeouts
    this.#trusted = trusted
  }

  /** The dispatcher for a URL; targets that must be public get one that connects nowhere else. */
  async to(url: URL, trust: Trust, lane: Lane): Promise<Dispatcher> {
    const undici = await load()
    // A proxy resolves names itself, so behind one only literal addresses can be judged.
    const proxy = proxyFor(url, this.#env)
    const guarded = trust === 'public' && proxy === undefined
    const isSecure = url.protocol === 'https:' || proxy?.protocol === 'https:'
    const key = `${lane} ${guarded ? 'public' : 'any'} ${isSecure} ${proxy?.href ?? ''}`
    const kept = this.#dispatchers.get(key)
    if (kept !== undefined) return kept
    const dispatcher =
      proxy === undefined ?
        this.#direct(undici, lane, guarded, this.#tls(isSecure))
      : this.#through(undici, proxy, lane, this.#tls(isSecure))
    this.#dispatchers.set(key, dispatcher)
    return dispatcher
  }

  /** Lets what is under way come to its end and closes all connections; whoever still asks gets new ones. */
  async retire(): Promise<void> {
    const ending = [...this.#dispatchers.values()]
    this.#dispatchers.clear()
    for (const dispatcher of ending) this.#ending.add(dispatcher)
    await Promise.all(
      ending.map(async dispatcher => {
        await dispatcher.close()
        this.#ending.delete(dispatcher)
      }),
    )
  }

  /** Breaks what is under way and closes all connections. */
  async close(): Promise<void> {
    const all = [...this.#dispatchers.values(), ...this.#ending]
    await Promise.all(all.map(dispatcher => dispatcher.destroy()))
    this.#dispatchers.clear()
    this.#ending.clear()
  }

  #tls(isSecure: boolean): Tls {
    const trusted = isSecure ? this.#trusted() : undefined
    return {
      timeout: this.#timeouts.connect * 1000,
      // Said here so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off (fault U51).
      rejectUnauthorized: true,
      ...(trusted !== undefined && { secureContext: trusted }),
    }
  }

  #limits(lane: Lane) {
    return {
      connections: connectionsOf[lane],
      pipelining: 1,
      keepAliveTimeout: 15_000,
      keepAliveMaxTimeout: 60_000,
      maxHeaderSize: 32 * 1024,
      headersTimeout: this.#timeouts.firstByte * 1000,
      bodyTimeout: this.#timeouts.idle * 1000,
    }
  }

  #direct({ Agent, buildConnector }: Undici, lane: Lane, guarded: boolean, tls: Tls): Dispatcher {
    const connector = buildConnector({ ...tls, ...(guarded && { lookup: lookupPublic }) })
    return new Agent({ ...this.#limits(lane), connect: endsWhilePaused(connector) })
  }

  #through({ Pool, ProxyAgent }: Undici, proxy: URL, lane: Lane, tls: Tls): Dispatcher {
    const { url, credentials } = splitCredentials(proxy)
    return new ProxyAgent({
      ...this.#limits(lane),
      uri: url.href,
      ...(credentials !== undefined && { token: basicAuthorization(credentials) }),
      // http goes as an absolute URL, for many proxies allow CONNECT to port 443 only.
      proxyTunnel: false,
      proxyTls: tls,
      requestTls: tls,
      factory: (origin, options) => new Pool(origin, limited(options, this.#limits(lane))),
      clientFactory: (origin, options) =>
        new Pool(origin, limited(options, { headersTimeout: this.#timeouts.connect * 1000 })),
    })
  }
}

// The options that a proxy's agent makes for a pool of connections, its connector among them.
const limited = (options: object, limits: Pool.Options): Pool.Options => {
  const { connect } = options as { connect?: Connector }
  return {
    ...options,
    ...limits,
    ...(connect !== undefined && { connect: endsWhilePaused(connect) }),
  }
}
