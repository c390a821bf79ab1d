import { isIP } from 'node:net'
import type { UpstreamSettings } from '../settings.ts'
import { isPublicAddress } from './address.ts'
import { troubleWith } from './upstream-error.ts'

/** How far a target is trusted: `own` gets credentials, `named` may have any address, `public` only a public one. */
export type Trust = 'own' | 'named' | 'public'

const portOf = (url: URL): string =>
  url.port !== '' ? url.port
  : url.protocol === 'https:' ? '443'
  : '80'

const isNamed = (url: URL, entries: readonly string[]): boolean =>
  entries.some(entry => {
    const lower = entry.toLowerCase()
    return lower === url.hostname || lower === `${url.hostname}:${portOf(url)}`
  })

// An index on http that has moved to https keeps its host, on the usual ports.
const isUpgrade = (index: URL, url: URL): boolean =>
  index.protocol === 'http:' &&
  url.protocol === 'https:' &&
  index.host === url.host &&
  index.port === ''

/**
 * Decides whether a URL that upstream named may be asked (contract 4.4): its own host and port, a
 * host in `file-hosts`, or a public address; never http after https.
 * Literal addresses are judged here, in every spelling since `URL` has made them one; names when
 * the connection is made.
 * @param from where the URL was found: the index itself, or the answer that redirected
 * @throws {UpstreamError} of kind `refused`, naming the rule
 */
export const trustOf = (settings: UpstreamSettings, url: URL, from: URL = settings.url): Trust => {
  const trouble = troubleWith(settings.name, url)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw trouble('refused', 'only http and https are followed')
  if (
    url.protocol === 'http:' &&
    (from.protocol === 'https:' || settings.url.protocol === 'https:')
  )
    throw trouble('refused', 'a link from https to http is not followed')
  if (url.origin === settings.url.origin) return 'own'
  if (isNamed(url, settings.fileHosts) || isUpgrade(settings.url, url)) return 'named'
  const address = url.hostname.replace(/^\[|\]$/g, '')
  // Behind a proxy names are resolved there, so this one must not depend on the connection.
  const isLocal = /(?:^|\.)localhost\.?$/.test(address)
  if (isLocal || (isIP(address) !== 0 && !isPublicAddress(address)))
    throw trouble(
      'refused',
      `${url.host} is not on the public internet; allow it by file-hosts if it is meant`,
    )
  return 'public'
}
