import { checkVersion, makePage, PageError, readFile, type File, type Page } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import { HtmlTags } from './html-tags.ts'
import { PageMarks } from './page-marks.ts'

type Attributes = ReadonlyMap<string, string>

/** Largest page we are ready to hold; real ones have up to some ten thousand files. */
const mostLinks = 500_000

const digest = /^(md5|sha1|sha224|sha256|sha384|sha512|blake2b|blake2s)=([0-9a-f]+)$/i

const pairOf = (text: string): Record<string, string> | undefined => {
  const [, algorithm, hex] = digest.exec(text) ?? []
  return algorithm === undefined || hex === undefined ? undefined : { [algorithm]: hex }
}

// `#sha256=HEX`, and behind or before it what old indexes add: `&egg=NAME`, `&subdirectory=...`.
const hashesOf = (fragment: string): Record<string, string> =>
  Object.assign({}, ...fragment.replace(/^#/, '').split('&', 8).map(pairOf)) as Record<
    string,
    string
  >

const coreMetadata = (attributes: Attributes): boolean | Record<string, string> | undefined => {
  const value = attributes.get('data-core-metadata') ?? attributes.get('data-dist-info-metadata')
  if (value === undefined) return undefined
  const text = value.trim().toLowerCase()
  if (text === 'true') return true
  return text === 'false' ? false : pairOf(text)
}

// From the address, for listings cut the text short (SA-103). Decoded once, so that `%252e` stays harmless.
const filenameOf = (url: URL): string | undefined => {
  try {
    return decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf('/') + 1))
  } catch {
    return undefined
  }
}

const resolved = (href: string, base: URL): URL | undefined => {
  try {
    return new URL(href, base)
  } catch {
    return undefined
  }
}

const boolean = (text: string | undefined): boolean | undefined =>
  text === 'true' ? true
  : text === 'false' ? false
  : undefined

// A file as the JSON of PEP 691 says it (SA-102); undefined for links that lead to no distribution.
const fileOf = (attributes: Attributes, base: URL): File | undefined => {
  const href = attributes.get('href')?.trim()
  const url = href === undefined || href === '' ? undefined : resolved(href, base)
  if (url === undefined) return undefined
  const size = attributes.get('data-size')
  const entry = {
    filename: filenameOf(url),
    url: url.href,
    hashes: hashesOf(url.hash),
    'requires-python': attributes.get('data-requires-python')?.trim(),
    yanked: attributes.get('data-yanked'),
    'core-metadata': coreMetadata(attributes),
    'gpg-sig': boolean(attributes.get('data-gpg-sig')),
    provenance: attributes.get('data-provenance'),
    size: size !== undefined && /^\d{1,15}$/.test(size) ? Number(size) : undefined,
    'upload-time': attributes.get('data-upload-time'),
  }
  return readFile(entry, base)
}

const isOf = (name: Name, { filename, hashes }: File): boolean =>
  Object.keys(hashes).length > 0 ||
  `${filename.toLowerCase().replace(/[-_.]+/g, '-')}-`.startsWith(`${name}-`)

/**
 * Reads the HTML of an upstream's project page (PEP 503 and later) into the form of PEP 691.
 * @param base the URL from which the page came at last; relative links resolve against it, or
 * against the first `<base href>`
 * @throws {PageError} when it is no such page: of another major version, or a web page, a login or a
 * portal, which would make the project look empty
 */
export const readHtmlPage = (html: string, name: Name, base: URL): Page => {
  const marks = new PageMarks()
  const links: Attributes[] = []
  const tags = new HtmlTags({
    tag(tagName, attributes) {
      marks.tag(tagName, attributes)
      if (tagName !== 'a' || !attributes.has('href')) return
      if (links.push(attributes) > mostLinks)
        throw new PageError(`the page has more than ${mostLinks} links`)
    },
    closed: tagName => marks.closed(tagName),
    text: text => marks.text(text),
    comment: text => marks.comment(text),
  })
  tags.write(html.replaceAll('\0', '\ufffd'))
  tags.end()
  checkVersion(marks.version)
  const from = (marks.base !== undefined && resolved(marks.base, base)) || base
  const files: File[] = []
  for (const attributes of links) {
    const file = fileOf(attributes, from)
    if (file !== undefined) files.push(file)
  }
  if (
    !marks.isIndex &&
    !files.some(file => isOf(name, file)) &&
    !(links.length === 0 && marks.isBare)
  )
    throw new PageError('it is a web page, not a simple index')
  return makePage(name, files, { serial: marks.serial, status: marks.status })
}

/**
 * What a page is by its content type and its beginning (SA-106, PY-46): the beginning decides where it
 * can, for servers send JSON as octet-stream and HTML as JSON. Undefined when it is neither.
 */
export const sniff = (
  contentType: string | undefined,
  start: string,
): 'html' | 'json' | undefined => {
  const text = start.replace(/^\ufeff/, '').trimStart()
  if (text.startsWith('{')) return 'json'
  if (text.startsWith('<')) return 'html'
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (/[/+]json$/.test(type)) return 'json'
  return /[/+](?:x?html|xhtml\+xml)$/.test(type) ? 'html' : undefined
}
