import type { PackageType } from '../spec/package-type.ts'
import { basicAuthorization, type Credentials } from './credentials.ts'
import type { Posted, Poster, Posting } from './poster.ts'
import { multipartForm, plainForm, type Fields, type FormFile } from './publish-form.ts'

/** A distribution that is published elsewhere. */
export interface PublishedFile extends FormFile {
  /** How it is called in what is reported. */
  readonly label: string
  readonly sha256: string
  readonly type: PackageType
  /** `py3`, `source`. */
  readonly pyversion: string
  /** Metadata of the form, `name` and `version` among them. */
  readonly fields: Fields
}

/** A release and where it is to go. */
export interface Publishing {
  readonly url: URL
  /** For this once: neither kept nor logged. */
  readonly credentials: Credentials
  readonly name: string
  readonly version: string
  /** Of the release as a whole. */
  readonly fields: Fields
  readonly files: readonly PublishedFile[]
  /** A zip with documentation. */
  readonly docs?: FormFile | undefined
  /** Announce the release first, as old indexes want it. */
  readonly register: boolean
}

/** One step, as devpi's `actionlog` has it: the status first, -1 where there was no answer. */
export type Step = readonly [status: number, what: string, ...more: string[]]

/** What became of it. */
export interface Report {
  readonly steps: readonly Step[]
  /** Everything was taken. */
  readonly isDone: boolean
}

// PyPI answers so where it has no use for a thing any more.
const gone = 410
const isTaken = (status: number) => status === 200 || status === 201
const isTolerable = (status: number) => isTaken(status) || status === gone

/**
 * Publishes a release at another index by the upload API that all have (protocols section 3). What
 * is refused does not keep the rest from being tried; an index that does not answer is not asked again.
 */
export const publishElsewhere = async (poster: Poster, release: Publishing): Promise<Report> => {
  const { url, credentials, name, version, fields, files, docs } = release
  const authorization = basicAuthorization(credentials)
  const steps: Step[] = []
  let isDone = true
  /** @returns false when nobody answered */
  const send = async (
    form: Posting,
    failure: string,
    step: (posted: Posted) => Step,
    isFine: (status: number) => boolean,
  ): Promise<boolean> => {
    try {
      const posted = await poster.post(url, {
        ...form,
        headers: { ...form.headers, authorization },
      })
      steps.push(step(posted))
      isDone &&= isFine(posted.status)
      return true
    } catch (error) {
      steps.push([-1, failure, (error as Error).message])
      isDone = false
      return false
    }
  }
  if (release.register) {
    const form = plainForm([[':action', 'submit'], ...fields])
    const step = ({ status }: Posted): Step => [status, 'register', name, version]
    if (!(await send(form, 'exception on register:', step, isTolerable)) || !isDone)
      return { steps, isDone }
  }
  for (const file of files) {
    const step = ({ status, text }: Posted): Step => [
      status,
      'upload',
      file.label,
      isTaken(status) ? '' : text,
    ]
    const form = multipartForm(uploadFields(file), file)
    if (!(await send(form, 'exception on release upload:', step, isTaken))) return { steps, isDone }
  }
  if (docs !== undefined) {
    const form = multipartForm([[':action', 'doc_upload'], ...fields], docs)
    const step = ({ status }: Posted): Step => [status, 'docfile', name]
    await send(form, 'exception on documentation upload:', step, isTolerable)
  }
  return { steps, isDone }
}

const uploadFields = ({ fields, type, pyversion, sha256 }: PublishedFile): Fields => [
  [':action', 'file_upload'],
  ['protocol_version', '1'],
  ...fields,
  ['filetype', type],
  ['pyversion', pyversion],
  ['sha256_digest', sha256],
]
