import type { Coding, Format } from '../http/negotiate.ts'

// Exactly these: clients compare them as strings (SA-31, SA-32).
const types: Readonly<Record<Format, string>> = {
  html: 'text/html; charset=utf-8',
  v1html: 'application/vnd.pypi.simple.v1+html; charset=utf-8',
  json: 'application/vnd.pypi.simple.v1+json',
}

/** What a 200 and a 304 of a simple page have in common (SA-29, SA-40, SA-44, SA-48). */
export const commonHeaders = (etag?: string, serial?: number): string[] => [
  ...(etag === undefined ? [] : ['ETag', etag]),
  'Vary',
  'Accept, Accept-Encoding',
  // A client asks each time and gets a 304: what was published just now is seen at once (SA-41).
  'Cache-Control',
  'no-cache',
  'Access-Control-Allow-Origin',
  '*',
  ...(serial === undefined ?
    []
  : ['X-PyPI-Last-Serial', String(serial), 'Access-Control-Expose-Headers', 'X-PyPI-Last-Serial']),
]

/** The headers of a simple page or of the list of projects, all but its length. */
export const pageHeaders = (
  format: Format,
  coding: Coding,
  etag?: string,
  serial?: number,
): string[] => [
  'Content-Type',
  types[format],
  ...commonHeaders(etag, serial),
  ...(coding === 'gzip' ? ['Content-Encoding', 'gzip'] : []),
  // As PyPI does: whatever a page may hold, a browser runs nothing of it.
  ...(format === 'json' ? [] : ['Content-Security-Policy', "sandbox; default-src 'none'"]),
]
