/** What is known of an upstream from the last time it was asked. */
export interface UpstreamHealth {
  readonly name: string
  readonly url: string
  readonly ok: boolean
  /** Milliseconds since the epoch at which it became what it is. */
  readonly since: number
  readonly lastError?: string | undefined
}

/** What a process has done since it started. */
export interface Counted {
  readonly requests: number
  readonly hits: number
  readonly misses: number
  readonly stale: number
  readonly bytesServed: number
  readonly bytesFromUpstream: number
  readonly upstreams: readonly UpstreamHealth[]
}

/** Counts in memory; whoever keeps them is told once when they have changed since the last snapshot. */
export class Counters {
  #requests = 0
  #hits = 0
  #misses = 0
  #stale = 0
  #bytesServed = 0
  #bytesFromUpstream = 0
  readonly #upstreams = new Map<string, UpstreamHealth>()
  #dirty = false
  #onChange: (() => void) | undefined

  /** An answered request: `cache` is what its log line says (hit, revalidated, miss, stale, `-`), `bytes` what the client got. */
  request(cache: string, bytes: number): void {
    this.#requests++
    if (cache === 'hit' || cache === 'revalidated') this.#hits++
    else if (cache === 'miss') this.#misses++
    else if (cache === 'stale') this.#stale++
    this.#bytesServed += bytes
    this.#changed()
  }

  /** Bytes of a body that came from an upstream. */
  fromUpstream(bytes: number): void {
    this.#bytesFromUpstream += bytes
    this.#changed()
  }

  /** An upstream answered, or failed with a reason that holds no credential. */
  upstream(name: string, url: string, lastError?: string): void {
    const known = this.#upstreams.get(name)
    const ok = lastError === undefined
    if (known?.ok === ok && known.lastError === lastError) return
    const since = known?.ok === ok ? known.since : Date.now()
    this.#upstreams.set(name, { name, url, ok, since, lastError })
    this.#changed()
  }

  /** There is no such upstream any more. */
  forgetUpstream(name: string): void {
    if (this.#upstreams.delete(name)) this.#changed()
  }

  snapshot(): Counted {
    this.#dirty = false
    return {
      requests: this.#requests,
      hits: this.#hits,
      misses: this.#misses,
      stale: this.#stale,
      bytesServed: this.#bytesServed,
      bytesFromUpstream: this.#bytesFromUpstream,
      upstreams: [...this.#upstreams.values()],
    }
  }

  /** Calls back once at the first change after each snapshot. */
  onChange(callback: () => void): void {
    this.#onChange = callback
  }

  #changed(): void {
    if (this.#dirty) return
    this.#dirty = true
    this.#onChange?.()
  }
}
