import { Agent, type IncomingMessage } from 'node:http'
import { Agent as SecureAgent, type AgentOptions } from 'node:https'
import type { SecureContext } from 'node:tls'
import { lookupPublic } from './address.ts'
import { basicAuthorization, splitCredentials } from './credentials.ts'
import type { Asked, Timeouts } from './request.ts'
import { Line } from './line.ts'
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
  readonly #lines = new Map<string, Line>()
  readonly #ending = new Set<Line>()

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
    let line = this.#lines.get(key)
    if (line === undefined) {
      const isSecure = url.protocol === 'https:'
      line =
        proxy === undefined ? this.#direct(isSecure, isGuarded) : this.#through(proxy, isSecure)
      this.#lines.set(key, line)
    }
    return line.ask(asked)
  }

  /** Lets what is under way come to its end and closes all connections; whoever still asks gets new ones. */
  async retire(): Promise<void> {
    const ending = [...this.#lines.values()]
    this.#lines.clear()
    await Promise.all(
      ending.map(async line => {
        this.#ending.add(line)
        await line.retire()
        this.#ending.delete(line)
      }),
    )
  }

  /** Breaks what is under way and closes all connections. */
  async close(): Promise<void> {
    const all = [...this.#lines.values(), ...this.#ending]
    this.#lines.clear()
    await Promise.all(all.map(line => line.close()))
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

  #direct(isSecure: boolean, isGuarded: boolean): Line {
    const options = { ...usual, ...(isGuarded && { lookup: lookupPublic }) }
    const agent = isSecure ? new SecureAgent({ ...options, ...this.#tls() }) : new Agent(options)
    return new Line({ agent, isSecure, timeouts: this.#timeouts })
  }

  #through(given: URL, isSecure: boolean): Line {
    const { url, credentials } = splitCredentials(given)
    const authorization = credentials && basicAuthorization(credentials)
    const timeouts = this.#timeouts
    if (isSecure) {
      const tls = this.#tls()
      const agent = new Tunnels(
        { ...usual, ...tls },
        { url, authorization, tls, patience: timeouts.connect },
      )
      return new Line({ agent, isSecure, timeouts })
    }
    // http goes as an absolute URL, for many proxies allow CONNECT to port 443 only.
    const toProxy = url.protocol === 'https:'
    const agent = toProxy ? new SecureAgent({ ...usual, ...this.#tls() }) : new Agent(usual)
    return new Line({ agent, isSecure: toProxy, timeouts, proxy: { url, authorization } })
  }
}
