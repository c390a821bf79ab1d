import { readAttestations } from './attestations.ts'
import { ClaimError, shown } from './claim-error.ts'
import {
  distFilename,
  extensionOf,
  fileVersion,
  isWheel,
  projectsOf,
  type Filename,
} from './filename.ts'
import { projectName, type Name } from './project-name.ts'
import { releaseVersion, releaseVersionRule, type ReleaseVersion } from './release-version.ts'
import { isSameVersion } from './same-version.ts'
import { claimedDigests, isWheelName, singleField, type ClaimedHash } from './upload.ts'

/** The release that a form of devpi's is about. */
export interface ClaimedRelease {
  readonly name: Name
  readonly version: ReleaseVersion
}

/** What such a form says of a distribution, checked for itself but not yet against the file. */
export interface DevpiClaims extends ClaimedRelease {
  readonly filename: Filename
  /** Lower-case hexadecimal; devpi's own client sends none. */
  readonly digests: ReadonlyMap<ClaimedHash, string>
  readonly attestations?: readonly object[]
  readonly requiresPython?: string
}

type Fields = ReadonlyMap<string, readonly string[]>

const invalid = (why: string): ClaimError => new ClaimError(`invalid metadata: ${why}`)

/**
 * The name of the project that a form is about (devpi-api 12).
 * @throws {ClaimError} with devpi's words, for the reason phrase
 */
export const claimedName = (fields: Fields): Name => {
  const text = singleField(fields, 'name')
  if (text === undefined) throw invalid('the form has no name')
  const name = projectName(text)
  if (name === undefined)
    throw invalid(`${shown(text)} is no project name: use letters, digits and - _ . between them`)
  return name
}

/** The version that a form is about; undefined when it names none. As `claimedName`. */
export const claimedVersion = (fields: Fields): ReleaseVersion | undefined => {
  const text = singleField(fields, 'version')
  if (text === undefined) return undefined
  const version = releaseVersion(text)
  if (version === undefined)
    throw invalid(`${shown(text)} is no version: use ${releaseVersionRule}`)
  return version
}

/** The release that a form is about. As `claimedName`. */
export const claimedRelease = (fields: Fields): ClaimedRelease => {
  const name = claimedName(fields)
  const version = claimedVersion(fields)
  if (version === undefined) throw invalid('the form has no version')
  return { name, version }
}

/**
 * What a form says of a distribution that is uploaded to an index of devpi's. Unlike PyPI's, it need
 * not tell digests nor the kind of file, and versions need not be by PEP 440.
 * @param filename of the `content` part, as the client gave it
 * @throws {ClaimError} with devpi's words, for the reason phrase
 */
export const readDevpiClaims = (fields: Fields, filename: string): DevpiClaims => {
  for (const [field, values] of fields)
    if (values.some(value => value.includes('\0')))
      throw invalid(`the field ${shown(field)} contains a NUL byte`)
  const { name, version } = claimedRelease(fields)
  const attestations = readAttestations(singleField(fields, 'attestations'))
  const requiresPython = singleField(fields, 'requires_python')
  return {
    name,
    version,
    filename: readFilename(filename, name, version),
    digests: claimedDigests(fields),
    ...(attestations !== undefined && { attestations }),
    ...(requiresPython !== undefined && { requiresPython }),
  }
}

/**
 * True for the name of a file of this release. Old tools wrote `_` for what stands between the
 * parts of a local version.
 */
export const isNamedFor = (name: Name, filename: Filename, version: string): boolean => {
  const found = fileVersion(name, filename)
  if (found === undefined) return false
  return isSameVersion(found, version) || found === version.replace(/[^\w.]/g, '_')
}

// A plain tar archive is none for devpi.
const isArchive = (filename: Filename): boolean =>
  extensionOf(filename)?.toLowerCase() !== '.tar' && (!isWheel(filename) || isWheelName(filename))

const readFilename = (text: string, name: Name, version: string): Filename => {
  const filename = distFilename(text)
  if (filename === undefined || !isArchive(filename))
    throw new ClaimError(`${shown(text)} is not a valid archive name`)
  // By its name alone it is found again.
  if (!projectsOf(filename).includes(name) || fileVersion(name, filename) === undefined)
    throw new ClaimError(`filename ${shown(text)} does not match project name ${shown(name)}`)
  if (isNamedFor(name, filename, version)) return filename
  throw new ClaimError(`filename ${shown(text)} does not contain version ${shown(version)}`)
}
