import { HttpError } from '../http/error.ts'
import { fileVersion, type Filename } from '../spec/filename.ts'
import type { Name } from '../spec/project-name.ts'
import { isSameVersion } from '../spec/same-version.ts'
import { ownFile, type Local } from './local.ts'

/** Files of a project: all of them, one release, or one file. */
export interface Selection {
  readonly version?: string | undefined
  readonly filename?: Filename | undefined
}

/** Those of a project's files that are selected. */
export const chosen = (
  name: Name,
  { version, filename }: Selection,
  files: Iterable<Filename>,
): Filename[] =>
  [...files].filter(file => {
    if (filename !== undefined && file !== filename) return false
    return version === undefined || isSameVersion(fileVersion(name, file) ?? '', version)
  })

/** A selection in words. */
export const described = (name: Name, { version, filename }: Selection): string =>
  filename ?? (version === undefined ? name : `${name} ${version}`)

/** Why nothing was chosen. */
export const refusal = (
  name: Name,
  selection: Selection,
  local: Local,
  verb: string,
): HttpError => {
  const what = described(name, selection)
  const [mirrored] = chosen(name, selection, local.mirrored.keys())
  const upstream = mirrored === undefined ? undefined : local.mirrored.get(mirrored)?.fact.upstream
  if (upstream !== undefined)
    return new HttpError(403, `${what} is a copy from ${upstream}: it cannot be ${verb} here`)
  const [dropped] = chosen(name, selection, local.dropped.keys())
  if (dropped !== undefined && ownFile(local, dropped) !== undefined)
    return new HttpError(
      403,
      `${what} was put into the directory by hand and cannot be ${verb}: upload the same file first`,
    )
  const [deleted] = chosen(name, selection, local.deleted.keys())
  if (deleted !== undefined)
    return new HttpError(
      404,
      `${what} was deleted: bring it back by "proxypypi restore ${deleted}"`,
    )
  return new HttpError(404, `there is no ${what} here`)
}
