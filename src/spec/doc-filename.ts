import { projectName, type Name } from './project-name.ts'
import { releaseVersion, type ReleaseVersion } from './release-version.ts'

declare const filename: unique symbol

/** The name of a release's documentation, safe as one path segment. Only `docFilename` makes one. */
export type DocFilename = string & { readonly [filename]: true }

/** The release that documentation is of. */
export interface Documented {
  readonly name: Name
  readonly version: ReleaseVersion
}

const ending = '.doc.zip'

// Room for what may stand behind it within the 255 bytes of a directory entry.
const longest = 220

/** `NAME-VERSION.doc.zip`, as devpi calls it whatever its uploader did; undefined when that is too long for a file. */
export const docFilename = (name: Name, version: ReleaseVersion): DocFilename | undefined => {
  const text = `${name}-${version}${ending}`
  return text.length <= longest ? (text as DocFilename) : undefined
}

/** The version whose documentation a file in a project's directory is; undefined for other files. */
export const documentedVersion = (name: Name, text: string): ReleaseVersion | undefined => {
  if (!text.startsWith(`${name}-`) || !text.endsWith(ending) || text.length > longest)
    return undefined
  return releaseVersion(text.slice(name.length + 1, -ending.length))
}

// Each is looked for on the disk.
const mostReadings = 20

/** The releases whose documentation may be called so, since both parts may have hyphens; none for other names. */
export const documentedBy = (text: string): Documented[] => {
  const found: Documented[] = []
  if (text.length > longest || !text.endsWith(ending)) return found
  for (let at = text.indexOf('-'); at > 0 && found.length < mostReadings;) {
    const name = projectName(text.slice(0, at))
    const version = name && documentedVersion(name, text)
    if (name !== undefined && version !== undefined) found.push({ name, version })
    at = text.indexOf('-', at + 1)
  }
  return found
}
