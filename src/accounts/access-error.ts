/** Whoever asks may not have it; `status`, message and `headers` are for the client. */
export class AccessError extends Error {
  readonly status: number
  /** Name, value, name, value. */
  readonly headers: readonly string[]

  constructor(status: number, message: string, headers: readonly string[] = []) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

// Clients look for credentials only after this (CL-60).
const challenge = ['WWW-Authenticate', 'Basic realm="pypi"'] as const

/** 401: who are you? */
export const unauthorized = (message: string): AccessError =>
  new AccessError(401, message, challenge)

/** 403: you may not. */
export const forbidden = (message: string): AccessError => new AccessError(403, message)

/** 409: it is not as that would need it. */
export const conflict = (message: string): AccessError => new AccessError(409, message)

/** 429: not now; whole seconds, since some clients understand nothing else. */
export const tooMany = (seconds: number): AccessError =>
  new AccessError(
    429,
    `too many wrong passwords for this user or from this address: try again in ${seconds} s`,
    ['Retry-After', String(seconds)],
  )
