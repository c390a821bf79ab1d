import type { Format } from '../http/negotiate.ts'
import type { File, Page } from '../spec/page.ts'
import { escape, pageFoot, pageHead } from './html.ts'

/** The version of HTML pages: frozen at 1.4 (PEP 833). */
const htmlVersion = (page: Page): string => {
  const minor = /^1\.([0-4])$/.exec(page.meta['api-version'])
  return minor === null ? '1.4' : page.meta['api-version']
}

// The algorithms that every client knows (SA-65), the one they all prefer first.
const algorithms = ['sha256', 'sha512', 'sha384', 'blake2b', 'md5'] as const

/** One hash as `algorithm=hex`; undefined when there is none that clients know. */
const oneHash = (hashes: Readonly<Record<string, string>>): string | undefined => {
  for (const algorithm of algorithms) {
    const digest = hashes[algorithm]
    if (digest !== undefined) return `${algorithm}=${digest}`
  }
  return undefined
}

const yankedAttribute = (yanked: File['yanked']): string => {
  if (yanked === undefined || yanked === false) return ''
  // Without a reason the value is empty; an empty reason means yanked, too (SA-91).
  return ` data-yanked="${yanked === true ? '' : escape(yanked)}"`
}

const metadataAttributes = (metadata: File['core-metadata']): string => {
  if (metadata === undefined || metadata === false) return ''
  const value = escape(metadata === true ? 'true' : (oneHash(metadata) ?? 'true'))
  // The second name is all that pip 22.3 to 23.1 know (SA-62).
  return ` data-core-metadata="${value}" data-dist-info-metadata="${value}"`
}

// Upstream's is a whole address. Ours is relative, as every link in our pages, since nobody told us
// under which names clients reach us (SA-87 would have it absolute).
const provenanceUrl = ({ provenance }: File, prefix: string): string | undefined => {
  if (typeof provenance !== 'string') return undefined
  return /^https?:\/\//.test(provenance) ? provenance : prefix + provenance
}

// On one line, `href` first: hatch, easy_install and buildout read it by regular expression (SA-64).
const anchor = (file: File, prefix: string): string => {
  const hash = oneHash(file.hashes)
  const python = file['requires-python']
  const signed = file['gpg-sig']
  const provenance = provenanceUrl(file, prefix)
  return (
    `<a href="${escape(prefix + file.url)}${hash === undefined ? '' : `#${escape(hash)}`}"` +
    (typeof python === 'string' && python !== '' ?
      ` data-requires-python="${escape(python)}"`
    : '') +
    yankedAttribute(file.yanked) +
    metadataAttributes(file['core-metadata']) +
    (typeof signed === 'boolean' ? ` data-gpg-sig="${signed}"` : '') +
    (provenance !== undefined ? ` data-provenance="${escape(provenance)}"` : '') +
    `>${escape(file.filename)}</a><br>\n`
  )
}

const statusMetas = (status: Page['project-status']): string[] => {
  if (status === undefined) return []
  const metas = [`<meta name="pypi:project-status" content="${escape(status.status)}">`]
  if (status.reason !== undefined)
    metas.push(`<meta name="pypi:project-status-reason" content="${escape(status.reason)}">`)
  return metas
}

const renderHtml = (page: Page, prefix: string): string => {
  const title = `Links for ${page.name}`
  let html = pageHead(title, htmlVersion(page), statusMetas(page['project-status']))
  html += `<h1>${escape(title)}</h1>\n`
  for (const file of page.files) html += anchor(file, prefix)
  return html + pageFoot
}

// uv refuses a whole page for one of these as null (SA-55); the older spelling of the metadata key
// makes pip 22.3 to 23.1 crash (SA-62).
const presentFile = (file: File, prefix: string): object => {
  const { 'dist-info-metadata': _older, ...kept } = file
  const shown: Record<string, unknown> = kept
  shown['url'] = prefix + file.url
  const provenance = provenanceUrl(file, prefix)
  if (provenance !== undefined) shown['provenance'] = provenance
  if (shown['size'] === null) delete shown['size']
  if (shown['upload-time'] === null || shown['upload-time'] === '') delete shown['upload-time']
  if (shown['yanked'] === null) delete shown['yanked']
  else if (shown['yanked'] === '') shown['yanked'] = true
  return shown
}

const renderJson = (page: Page, prefix: string): string =>
  JSON.stringify({ ...page, files: page.files.map(file => presentFile(file, prefix)) })

/**
 * A project page as text in one of its forms. Of JSON only the URLs are changed (SA-100).
 * @param prefix the way from the page to our root, put before each file's path: `../../`
 */
export const renderPage = (page: Page, format: Format, prefix: string): string => {
  // No file of a quarantined project is offered, ours neither (SA-92).
  const shown = page['project-status']?.status === 'quarantined' ? { ...page, files: [] } : page
  return format === 'json' ? renderJson(shown, prefix) : renderHtml(shown, prefix)
}
