import { Agent, type IncomingMessage } from 'node:http'
import { Agent as SecureAgent, type AgentOptions } from 'node:https'
import type { SecureContext } from 'node:tls'
import { lookupPublic } from './address.ts'
import { basicAuthorization, splitCredentials } from './credentials.ts'
import type { Asked, Timeouts } from './request.ts'
import { Pool } from './pool.ts'
import { proxyFor } from './proxy.ts'
import type { Trust } from './target.ts'
import { Tunnels } from './tunnels.ts'

export type { Timeouts } from './request.ts'

/** Short requests must not wait behind long downloads, so each has connections of its own. */
export type Lane = 'short' | 'long'

// Milliseconds. A server that closes its connections sooner says so, and is believed.
const usual = { keepAlive: true, timeout: 15_000 }

/**
 * The connections to one upstream and where it points. They are kept for a while when idle, without
 * keeping the process alive.
 */
export class Connections {
  readonly #env: Readonly<Record<string, string | undefined>>
  readonly #timeouts: Timeouts
  readonly #trusted: () => SecureContext | undefined
  readonly #pools = new Map<string, Pool>()
  readonly #ending = new Set<Pool>()

  constructor(
    env: Readonly<Record<string, string | undefined>>,
    timeouts: Timeouts,
    trusted: () => SecureContext | undefined,
  ) {
    this.#env = env
    this.#timeouts = timeouts
    this.#trusted = trusted
  }

  /**
   * Asks on a connection of a lane; targets that must be public are reached at public addresses only.
   * @returns the answer, whose body must be read to its end, or destroyed
   */
  ask(asked: Asked, trust: Trust, lane: Lane): Promise<IncomingMessage> {
    const { url } = asked
    // A proxy resolves names itself, so behind one only literal addresses can be judged.
    const proxy = proxyFor(url, this.#env)
    const isGuarded = trust === 'public' && proxy === undefined
    const key = `${lane} ${isGuarded ? 'public' : 'any'} ${url.protocol} ${proxy?.href ?? ''}`
    let pool = this.#pools.get(key)
    if (pool === undefined) {
      const isSecure = url.protocol === 'https:'
      pool =
        proxy === undefined ? this.#direct(isSecure, isGuarded) : this.#through(proxy, isSecure)
      this.#pools.set(key, pool)
    }
    return pool.ask(asked)
  }

  /** Lets what is under way come to its end and closes all connections; whoever still asks gets new ones. */
  async retire(): Promise<void> {
    const ending = [...this.#pools.values()]
    this.#pools.clear()
    await Promise.all(
      ending.map(async pool => {
        this.#ending.add(pool)
        await pool.retire()
        this.#ending.delete(pool)
      }),
    )
  }

  /** Breaks what is under way and closes all connections. */
  async close(): Promise<void> {
    const all = [...this.#pools.values(), ...this.#ending]
    this.#pools.clear()
    await Promise.all(all.map(pool => pool.close()))
  }

  #tls(): AgentOptions {
    const secureContext = this.#trusted()
    return {
      // Said here so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off (fault U51).
      rejectUnauthorized: true,
      ALPNProtocols: ['http/1.1'],
      ...(secureContext !== undefined && { secureContext }),
    }
  }

  #direct(isSecure: boolean, isGuarded: boolean): Pool {
    const options = { ...usual, ...(isGuarded && { lookup: lookupPublic }) }
    const agent = isSecure ? new SecureAgent({ ...options, ...this.#tls() }) : new Agent(options)
    return new Pool({ agent, isSecure, timeouts: this.#timeouts })
  }

  #through(given: URL, isSecure: boolean): Pool {
    const { url, credentials } = splitCredentials(given)
    const authorization = credentials && basicAuthorization(credentials)
    const timeouts = this.#timeouts
    if (isSecure) {
      const tls = this.#tls()
      const agent = new Tunnels(
        { ...usual, ...tls },
        { url, authorization, tls, patience: timeouts.connect },
      )
      return new Pool({ agent, isSecure, timeouts })
    }
    // http goes as an absolute URL, for many proxies allow CONNECT to port 443 only.
    const toProxy = url.protocol === 'https:'
    const agent = toProxy ? new SecureAgent({ ...usual, ...this.#tls() }) : new Agent(usual)
    return new Pool({ agent, isSecure: toProxy, timeouts, proxy: { url, authorization } })
  }
}
