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

/** One request of a publication, and what is reported of it. */
interface Sending {
  readonly form: Posting
  /** What is said when nobody answers. */
  readonly failure: string
  readonly step: (posted: Posted) => Step
  readonly isFine: (status: number) => boolean
  /** Without it there is no use in going on. */
  readonly isNeeded?: boolean
}

const sendingsOf = function* (release: Publishing): Generator<Sending> {
  const { name, version, fields, files, docs } = release
  if (release.register)
    yield {
      form: plainForm([[':action', 'submit'], ...fields]),
      failure: 'exception on register:',
      step: ({ status }) => [status, 'register', name, version],
      isFine: isTolerable,
      isNeeded: true,
    }
  for (const file of files)
    yield {
      form: multipartForm(uploadFields(file), file),
      failure: 'exception on release upload:',
      step: ({ status, text }) => [status, 'upload', file.label, isTaken(status) ? '' : text],
      isFine: isTaken,
    }
  if (docs !== undefined)
    yield {
      form: multipartForm([[':action', 'doc_upload'], ...fields], docs),
      failure: 'exception on documentation upload:',
      step: ({ status }) => [status, 'docfile', name],
      isFine: isTolerable,
    }
}

/**
 * Publishes a release at another index by the upload API that all have (protocols section 3). What
 * is refused does not keep the rest from being tried; an index that does not answer is not asked again.
 */
export const publishElsewhere = async (poster: Poster, release: Publishing): Promise<Report> => {
  const authorization = basicAuthorization(release.credentials)
  const steps: Step[] = []
  let isDone = true
  for (const { form, failure, step, isFine, isNeeded = false } of sendingsOf(release)) {
    const headers = { ...form.headers, authorization }
    const posted = await poster.post(release.url, { ...form, headers }).catch(asError)
    if (posted instanceof Error) {
      steps.push([-1, failure, posted.message])
      return { steps, isDone: false }
    }
    steps.push(step(posted))
    isDone &&= isFine(posted.status)
    if (isNeeded && !isDone) return { steps, isDone }
  }
  return { steps, isDone }
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error))

const uploadFields = ({ fields, type, pyversion, sha256 }: PublishedFile): Fields => [
  [':action', 'file_upload'],
  ['protocol_version', '1'],
  ...fields,
  ['filetype', type],
  ['pyversion', pyversion],
  ['sha256_digest', sha256],
]
