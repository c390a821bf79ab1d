import type { Page } from '../spec/page.ts'

type Attributes = ReadonlyMap<string, string>

const titles =
  /^\s*(?:links for\b|simple (?:index|list|repository)\b|index of\b|directory listing for\b)|: (?:links for|simple list)\b/i

// Elements of a page that has nothing to say; with any other it is somebody's web page.
const bare = new Set([
  'html',
  'head',
  'body',
  'title',
  'meta',
  'base',
  'br',
  'hr',
  'p',
  'pre',
  'h1',
])

const most = 10_000

/** What a simple page says of itself besides its links. */
export class PageMarks {
  version: string | undefined
  base: string | undefined
  serial: number | undefined
  readonly #status: { status?: string; reason?: string } = {}
  #heading = ''
  #inHeading = false
  #isTitled = false
  #hasBareTags = true
  #hasText = false
  #isComplete = false

  tag(name: string, attributes: Attributes): void {
    if (!bare.has(name) || attributes.get('http-equiv')?.toLowerCase() === 'refresh')
      this.#hasBareTags = false
    if (name === 'title' || name === 'h1') {
      this.#inHeading = true
      this.#heading = ''
    } else if (name === 'base') this.base ??= attributes.get('href')?.trim()
    else if (name === 'meta') this.#meta(attributes)
  }

  #meta(attributes: Attributes): void {
    const content = attributes.get('content')?.trim()
    switch (attributes.get('name')?.trim().toLowerCase() ?? '') {
      case 'pypi:repository-version':
        this.version ??= content
        return
      case 'pypi:project-status':
        if (content !== undefined && content !== '') this.#status.status ??= content
        return
      case 'pypi:project-status-reason':
        if (content !== undefined && content !== '') this.#status.reason ??= content
        return
      default:
    }
  }

  closed(name: string): void {
    this.#isComplete ||= name === 'html' || name === 'body'
    if (name !== 'title' && name !== 'h1') return
    this.#isTitled ||= titles.test(this.#heading)
    this.#inHeading = false
  }

  text(text: string): void {
    if (!this.#inHeading) this.#hasText ||= text.trim() !== ''
    else if (this.#heading.length < most) this.#heading += text.slice(0, most)
  }

  comment(text: string): void {
    const serial = /^\s*SERIAL (\d{1,15})\s*$/.exec(text.slice(0, 100))?.[1]
    if (serial !== undefined) this.serial ??= Number(serial)
  }

  /** True when the page says in one way or another that it is a list of links. */
  get isIndex(): boolean {
    return this.version !== undefined || this.#isTitled
  }

  /** True for a whole page that is nothing but an empty frame; an answer without any markup is no page. */
  get isBare(): boolean {
    return this.#isComplete && this.#hasBareTags && !this.#hasText
  }

  /** The project's status (PEP 792), if the page has one. */
  get status(): Page['project-status'] {
    const { status, reason } = this.#status
    if (status === undefined) return undefined
    return { status, ...(reason !== undefined && { reason }) }
  }
}
