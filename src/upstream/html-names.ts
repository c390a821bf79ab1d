import { distFilename } from '../spec/filename.ts'
import { checkVersion, PageError } from '../spec/page.ts'
import { projectName, type Name } from '../spec/project-name.ts'
import { HtmlTags } from './html-tags.ts'
import { PageMarks } from './page-marks.ts'

// A name is believed when link and text agree, so that sort links and parent directories are none.
const nameOf = (href: string, text: string): Name | undefined => {
  const path = href.trim().replace(/[?#].*$/s, '')
  const last = path.split('/').findLast(part => part !== '')
  if (last === undefined || last.length > 400) return undefined
  // A project page's own links; a project called `x.zip` has a link to a directory.
  if (!path.endsWith('/') && distFilename(decodeName(last)) !== undefined) return undefined
  const shown = text.trim().replace(/\/$/, '')
  const named = projectName(decodeName(last))
  if (named === undefined) return undefined
  // Listings of web servers cut long names short.
  const cut = /^(.+?)\.\.+>?$/.exec(shown.slice(0, 400))?.[1]
  if (cut !== undefined) return last.startsWith(cut) ? named : undefined
  return projectName(shown) === named ? named : undefined
}

const decodeName = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

/** A list of names that is nothing at all: whether there is one remains open. */
export class BlankListError extends PageError {}

/**
 * The names in the HTML list of all projects, as many at a time as a piece of it holds; a page of
 * 40 MB never stands in memory.
 * @throws {PageError} when it is no such list
 */
export async function* readNames(chunks: AsyncIterable<string>): AsyncGenerator<Name[], void> {
  const marks = new PageMarks()
  let found: Name[] = []
  let [total, links] = [0, 0]
  let link: { href: string; text: string } | undefined
  const finish = () => {
    const name = link === undefined ? undefined : nameOf(link.href, link.text)
    link = undefined
    if (name !== undefined) found.push(name)
  }
  const tags = new HtmlTags({
    tag(tagName, attributes) {
      marks.tag(tagName, attributes)
      if (tagName !== 'a') return
      finish()
      const href = attributes.get('href')
      if (href === undefined) return
      links += 1
      link = { href, text: '' }
    },
    closed(tagName) {
      marks.closed(tagName)
      if (tagName === 'a') finish()
    },
    text(text) {
      marks.text(text)
      if (link !== undefined && link.text.length < 1000) link.text += text.slice(0, 1000)
    },
    comment: text => marks.comment(text),
  })
  let isBlank = true
  for await (const chunk of chunks) {
    isBlank &&= chunk.trim() === ''
    tags.write(chunk)
    checkVersion(marks.version)
    total += found.length
    if (found.length > 0) yield found
    found = []
  }
  tags.end()
  finish()
  total += found.length
  if (isBlank) throw new BlankListError('it is empty')
  // A list that does not call itself one is made of names nearly alone; a web page's menu is not.
  if (!marks.isIndex && (total === 0 || total < links * 0.75))
    throw new PageError('it is a web page, not a simple index')
  if (found.length > 0) yield found
}
