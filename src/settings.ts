/** An upstream simple index and how to reach it. */
export interface UpstreamSettings {
  /** Short name for logs, `X-Upstream` and paths (`packages/-/NAME/`): `pypi`, `torch`. */
  readonly name: string
  /** The simple index itself, ending in `/`, without credentials. */
  readonly url: URL
  readonly credentials?: { readonly username: string; readonly password: string } | undefined
  /** Patterns of the only project names that are asked of it; all without. */
  readonly only?: readonly string[] | undefined
  /** Hosts (`host` or `host:port`) besides its own from which its files may be fetched though not public. */
  readonly fileHosts: readonly string[]
  /** Seconds after which a page is confirmed. */
  readonly refresh: number
  /** PEM file with certificates to trust besides Node's own. */
  readonly caFile?: string | undefined
  /** `refresh` alone says when pages and the list of names are confirmed, whatever upstream allows. */
  readonly refreshesAlone?: boolean
  /** A page with a lower serial than the one before is believed. */
  readonly ignoresSerial?: boolean
  /** It is never asked for all its names. */
  readonly hasNoList?: boolean
}

/** Everything that can be set, checked and complete; paths absolute, times in seconds, sizes in bytes. */
export interface Settings {
  readonly directory: string
  /** The settings file that was read, if there is one. */
  readonly configFile?: string | undefined
  readonly bind: string
  readonly port: number
  readonly upstreams: readonly UpstreamSettings[]
  /** Nobody said which upstreams: what the record of the root index says counts instead. */
  readonly isDefaultUpstream?: boolean | undefined
  readonly offline: boolean
  readonly workers: number
  readonly logFormat: 'text' | 'json'
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug'
  readonly pidFile: string
  readonly logFile: string
  /** The log file was named by the user: `run` writes there too, not to standard output. */
  readonly logToFile?: boolean | undefined
  readonly outFile: string
  /** Patterns (`acme-*`) of names that are never asked upstream. */
  readonly private: readonly string[]
  /** Patterns of names whose local files are listed beside upstream's. */
  readonly merge: readonly string[]
  /** Who may read: anyone, or known users and tokens only. */
  readonly read: 'anyone' | 'users'
  /** Users and groups that alone may change users and indexes; undefined: users their own, root all. */
  readonly restrictModify?: readonly string[] | undefined
  /** URL of the root as clients see it, with a slash at its end; undefined: as each request says. */
  readonly outsideUrl?: string | undefined
  /** Largest file that may be uploaded, in bytes. */
  readonly maxUpload: number
  /** Patterns of names whose uploaded files may be replaced by other bytes. */
  readonly mutable: readonly string[]
  /** Seconds for which the journal is kept; 0: for ever. */
  readonly journalKeep: number
  readonly connectTimeout: number
  readonly firstByteTimeout: number
  readonly idleTimeout: number
  /** Seconds for a whole index page. */
  readonly pageTimeout: number
  /** Largest index page that is read, in bytes after decompression. */
  readonly maxPageSize: number
  /** Seconds for which a dropped file that cannot tell whether it is whole may still be growing. */
  readonly settle: number
  /** Seconds that running transfers get when the server stops. */
  readonly grace: number
}

/** The settings that `JSON.stringify` wrote: how a process hands them to the ones that it starts. */
export const reviveSettings = (text: string): Settings => {
  const settings = JSON.parse(text) as Settings
  return {
    ...settings,
    upstreams: settings.upstreams.map(upstream => ({ ...upstream, url: new URL(upstream.url) })),
  }
}
