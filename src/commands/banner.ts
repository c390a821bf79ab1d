import type { Usage } from '../daemon/usage.ts'
import { shortBytes } from '../log.ts'
import type { Settings } from '../settings.ts'
import { version } from '../version.ts'

/** A number of bytes for people: `1.2 GB`. */
export const longBytes = (bytes: number): string => shortBytes(bytes).replace(/(?=[a-z])/i, ' ')

/** `214 files, 1.2 GB`; `more than` where not everything was seen. */
export const describeUsage = ({ files, bytes, complete }: Usage): string => {
  const noun = files === 1 ? 'file' : 'files'
  return `${complete ? '' : 'more than '}${files} ${noun}, ${longBytes(bytes)}`
}

/** What a server says when it is ready: where it is, where it looks, what to type next. */
export const banner = (settings: Settings, url: string, usage: Usage | undefined): string => {
  const held = usage === undefined ? '' : ` (${describeUsage(usage)})`
  const upstreams =
    settings.offline ?
      ['offline   no upstream is asked']
    : settings.upstreams.map(upstream => `upstream  ${upstream.name}  ${upstream.url.href}`)
  return [
    `proxypypi ${version}  ${url}   cache ${settings.directory}${held}`,
    ...upstreams,
    `  pip install --index-url ${url}simple/ PACKAGE`,
    `  uv add --default-index ${url}simple/ PACKAGE`,
  ].join('\n')
}
