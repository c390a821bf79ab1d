import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2'

/** What a page's markup is told to. */
export interface TagListener {
  /** An opening tag: lower-case name, decoded attributes (the first of each name). */
  tag(name: string, attributes: ReadonlyMap<string, string>): void
  closed(name: string): void
  /** A piece of text outside scripts and styles; one run of text may come in several pieces. */
  text(text: string): void
  comment(text: string): void
}

// No attribute or comment that we read is longer. A longer attribute is left out, for what is cut
// off would mean something else.
const longest = 64 * 1024
const silent = new Set(['script', 'style', 'iframe', 'noembed', 'noframes', 'xmp', 'textarea'])

/**
 * Reads HTML as it comes, in linear time whatever it is: on the tokenizer alone, since the parser
 * above it searches a stack of open elements at every tag (fault U62). Comments, scripts and
 * entities are understood as HTML5 has them.
 */
export class HtmlTags implements TokenizerCallbacks {
  readonly #listener: TagListener
  readonly #tokenizer = new Tokenizer({ decodeEntities: true }, this)
  #kept = ''
  #offset = 0
  #done = 0
  #name = ''
  #attribute = ''
  #value: string[] = []
  #length = 0
  #attributes = new Map<string, string>()
  #silent = false

  constructor(listener: TagListener) {
    this.#listener = listener
  }

  write(chunk: string): void {
    if (this.#done > this.#offset) {
      this.#kept = this.#kept.slice(this.#done - this.#offset)
      this.#offset = this.#done
    }
    this.#kept += chunk
    this.#tokenizer.write(chunk)
  }

  end(): void {
    this.#tokenizer.end()
  }

  #slice(start: number, end: number): string {
    this.#done = end
    return this.#kept.slice(start - this.#offset, Math.min(end, start + longest + 1) - this.#offset)
  }

  onopentagname(start: number, end: number): void {
    this.#name = this.#slice(start, end).toLowerCase()
    this.#attributes = new Map()
  }

  onattribname(start: number, end: number): void {
    this.#attribute = this.#slice(start, end).toLowerCase()
    this.#value = []
    this.#length = 0
  }

  #add(piece: string): void {
    this.#length += piece.length
    if (this.#length <= longest) this.#value.push(piece)
  }

  onattribdata(start: number, end: number): void {
    this.#add(this.#slice(start, end))
  }

  onattribentity(codepoint: number): void {
    this.#add(String.fromCodePoint(codepoint))
  }

  onattribend(_quote: unknown, end: number): void {
    this.#done = end
    if (this.#length <= longest && !this.#attributes.has(this.#attribute))
      this.#attributes.set(this.#attribute, this.#value.join(''))
  }

  onopentagend(end: number): void {
    this.#done = end
    this.#silent = silent.has(this.#name)
    this.#listener.tag(this.#name, this.#attributes)
  }

  onselfclosingtag(end: number): void {
    this.onopentagend(end)
  }

  onclosetag(start: number, end: number): void {
    const name = this.#slice(start, end).toLowerCase()
    this.#silent = false
    this.#listener.closed(name)
  }

  ontext(start: number, end: number): void {
    const text = this.#slice(start, end)
    if (!this.#silent) this.#listener.text(text)
  }

  ontextentity(codepoint: number, end: number): void {
    this.#done = end
    if (!this.#silent) this.#listener.text(String.fromCodePoint(codepoint))
  }

  oncomment(start: number, end: number, cut: number): void {
    this.#listener.comment(this.#slice(start, end - cut))
  }

  oncdata(_start: number, end: number): void {
    this.#done = end
  }

  ondeclaration(_start: number, end: number): void {
    this.#done = end
  }

  onprocessinginstruction(_start: number, end: number): void {
    this.#done = end
  }

  onend(): void {}
}
