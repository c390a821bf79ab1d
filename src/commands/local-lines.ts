import type { UploadedFact } from '../index/fact.ts'
import type { Local } from '../index/local.ts'
import { fileVersion } from '../spec/filename.ts'
import type { File } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import { isSameVersion } from '../spec/same-version.ts'

/** Chooses files. */
export type Matching = (file: Pick<File, 'filename'>) => boolean

/** Those of a project, or of one of its versions. */
export const isOf =
  (name: Name, version: string | undefined): Matching =>
  ({ filename }) =>
    version === undefined || isSameVersion(fileVersion(name, filename) ?? '', version)

const day = (time: string): string => time.slice(0, 10)

const someone = (by: string | undefined): string => by ?? 'somebody on this machine'

const uploadedLine = ({ file, by, at, yanked }: UploadedFact): string => {
  const said = `uploaded  ${file.filename} by ${someone(by)}, ${day(at)}`
  if (yanked === undefined) return said
  const reason = typeof file.yanked === 'string' ? `: ${file.yanked}` : ''
  return `${said}; yanked by ${someone(yanked.by)}, ${day(yanked.at)}${reason}`
}

/** What lies in the directory, a line for each file. */
export const localLines = (local: Local, matching: Matching): string[] => {
  const uploaded = [...local.uploaded.values()].filter(({ fact }) => matching(fact.file))
  const dropped = [...local.dropped.values()].filter(({ file }) => matching(file))
  const mirrored = [...local.mirrored.values()].filter(({ fact }) => matching(fact.file))
  const deleted = [...local.deleted.values()].filter(matching)
  const said = [
    ...uploaded.map(({ fact }) => uploadedLine(fact)),
    ...dropped.map(({ file }) => `dropped   ${file.filename}`),
    ...mirrored.map(
      ({ fact }) => `cached    ${fact.file.filename} from ${fact.upstream}, ${day(fact.at)}`,
    ),
  ]
  const { unfinished } = local
  if (unfinished > 0)
    said.push(
      `unlisted  ${unfinished} dropped ${unfinished === 1 ? 'file' : 'files'}: damaged, still being copied, or not to be read`,
    )
  if (said.length === 0) said.push('cached    nothing')
  for (const { filename, by, at } of deleted)
    said.push(`deleted   ${filename} by ${someone(by)}, ${day(at)}: its name stays reserved`)
  return said
}
