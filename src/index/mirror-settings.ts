import type { Settings, UpstreamSettings } from '../settings.ts'
import type { MirrorConfig } from '../spec/index-config.ts'
import { rootIndex, type IndexName } from '../spec/index-name.ts'
import { splitCredentials } from '../upstream/credentials.ts'

/** Seconds after which devpi looks at a page again, unless told (devpi-api 7.1). */
const usualExpiry = 1800

/** The upstream of the root index that its record names, and not the settings. */
const rootUpstream = 'mirror'

/** The URL of an index, as devpi has it: with or without a slash at its end. Undefined for what is none. */
const urlOf = (text: string | undefined): URL | undefined => {
  if (text === undefined || !URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
  url.hash = ''
  url.search = ''
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

/**
 * The upstream of a mirror; undefined while it has no URL. Certificates and hosts that are trusted are
 * those of the server's own upstream.
 */
export const mirrorUpstream = (
  name: IndexName,
  config: MirrorConfig,
  { upstreams }: Pick<Settings, 'upstreams'>,
): UpstreamSettings | undefined => {
  const given = urlOf(config.mirror_url)
  if (given === undefined) return undefined
  const { url, credentials } = splitCredentials(given)
  const [usual] = upstreams
  return {
    name: name === rootIndex ? rootUpstream : name,
    url,
    credentials,
    fileHosts: usual?.fileHosts ?? [],
    caFile: usual?.caFile,
    refresh: config.mirror_cache_expiry ?? usualExpiry,
    refreshesAlone: true,
    ...flagsOf(config),
  }
}

const flagsOf = (config: MirrorConfig): Pick<UpstreamSettings, 'hasNoList' | 'ignoresSerial'> => ({
  ...(config.mirror_no_project_list === true && { hasNoList: true }),
  ...(config.mirror_ignore_serial_header === true && { ignoresSerial: true }),
})

/**
 * The upstreams of the root index: those of the settings, confirmed as often as its record says. Where
 * nobody said which they are, the URL in its record counts.
 */
export const rootUpstreams = (
  config: MirrorConfig,
  settings: Pick<Settings, 'upstreams' | 'isDefaultUpstream'>,
): readonly UpstreamSettings[] => {
  const { upstreams, isDefaultUpstream } = settings
  const { mirror_cache_expiry: refresh } = config
  const stored =
    isDefaultUpstream === true ? mirrorUpstream(rootIndex, config, settings) : undefined
  const isElsewhere =
    stored !== undefined &&
    !upstreams.some(
      ({ url, credentials }) => url.href === stored.url.href && credentials === stored.credentials,
    )
  if (isElsewhere) return [{ ...stored, refresh: refresh ?? upstreams[0]?.refresh ?? usualExpiry }]
  const asRecorded = {
    ...(refresh !== undefined && { refresh, refreshesAlone: true }),
    ...flagsOf(config),
  }
  return upstreams.map(upstream => ({ ...upstream, ...asRecorded }))
}
