import { readAttestations } from './attestations.ts'
import { ClaimError, shown } from './claim-error.ts'
import { readCoreMetadata } from './core-metadata.ts'
import { distFilename, fileVersion, type Filename } from './filename.ts'
import { isPackageType, packageType, type PackageType } from './package-type.ts'
import { projectName, type Name } from './project-name.ts'
import { isSameVersion } from './same-version.ts'
import { isVersion } from './version.ts'

/** The algorithms by which an upload may say what it is; `blake2b` has 64 bytes, `blake2b_256` 32. */
export type ClaimedHash = 'md5' | 'sha256' | 'blake2b_256' | 'blake2b'

/** What an upload form says of its file, checked for itself but not yet against the file. */
export interface Claims {
  readonly name: Name
  /** As it was spelled. */
  readonly version: string
  readonly filename: Filename
  readonly type: PackageType
  /** Lower-case hexadecimal digests; at least one. */
  readonly digests: ReadonlyMap<ClaimedHash, string>
  /** Attestation objects (PEP 740), bounded in number and depth, not otherwise looked at. */
  readonly attestations?: readonly object[]
}

type Fields = ReadonlyMap<string, readonly string[]>

/**
 * Reads the fields of the legacy upload form (UP-3 to UP-6, UP-21); those it does not know are
 * passed over. Empty fields and `UNKNOWN` count as absent.
 * @param filename of the `content` part, as the client gave it
 * @throws {ClaimError} for what is missing, malformed or contradicts itself
 */
export const readClaims = (fields: Fields, filename: string): Claims => {
  for (const [field, values] of fields)
    if (values.some(value => value.includes('\0')))
      throw new ClaimError(`the field ${shown(field)} contains a NUL byte`)
  const protocol = singleField(fields, 'protocol_version') ?? '1'
  if (protocol !== '1')
    throw new ClaimError(`protocol_version ${shown(protocol)} is unknown: it must be 1`)
  checkMetadataVersion(singleField(fields, 'metadata_version'))
  const name = readName(required(fields, 'name'))
  const version = readVersion(required(fields, 'version'))
  const file = readFilename(filename, name, version)
  const attestations = readAttestations(singleField(fields, 'attestations'))
  return {
    name,
    version,
    filename: file,
    type: readType(required(fields, 'filetype'), file),
    digests: readDigests(fields),
    ...(attestations !== undefined && { attestations }),
  }
}

const readName = (text: string): Name => {
  const name = projectName(text)
  if (name !== undefined) return name
  throw new ClaimError(
    `${shown(text)} is no project name: use ASCII letters, digits and - _ . between them`,
  )
}

const readVersion = (text: string): string => {
  if (isVersion(text)) return text
  throw new ClaimError(`${shown(text)} is no version by PEP 440: use one like 1.0 or 1.0.post1`)
}

// With a build tag in the third place if there are six parts (FN-10, FN-12); `.whl` in lower case.
const wheelName = /^[^-]+-[^-]+(?:-\d[^-]*)?-[^-]+-[^-]+-[^-]+\.whl$/

/** True for the name of a wheel that installers understand. */
export const isWheelName = (filename: string): boolean => wheelName.test(filename)

const readFilename = (text: string, name: Name, version: string): Filename => {
  const filename = distFilename(text)
  if (filename === undefined)
    throw new ClaimError(
      `${shown(text)} is not the name of a distribution: use letters, digits and ._+!~- and an extension like .whl or .tar.gz, at most 220 characters`,
    )
  if (/\.whl$/i.test(filename) && !wheelName.test(filename))
    throw new ClaimError(
      `${filename} is not named like a wheel: name-version-python-abi-platform.whl`,
    )
  const found = fileVersion(name, filename)
  if (found === undefined)
    throw new ClaimError(
      `${filename} is not named like a file of ${name}: rename it, or correct the name in the form`,
    )
  if (isSameVersion(found, version)) return filename
  throw new ClaimError(`${filename} is named for version ${found}, but the form says ${version}`)
}

const readType = (text: string, filename: Filename): PackageType => {
  if (!isPackageType(text))
    throw new ClaimError(`filetype ${shown(text)} is unknown: use sdist or bdist_wheel`)
  const type = packageType(filename)
  if (text === type) return type
  throw new ClaimError(`${filename} by its name is ${type}, but filetype says ${text}`)
}

const digestFields: readonly [field: string, hash: ClaimedHash, length: number][] = [
  ['md5_digest', 'md5', 32],
  ['sha256_digest', 'sha256', 64],
  ['blake2_256_digest', 'blake2b_256', 64],
]

// `setup.py upload` of Python 3.9 to 3.11 sends all 64 bytes of BLAKE2b in the field for 32.
const overlong: ReadonlyMap<ClaimedHash, ClaimedHash> = new Map([['blake2b_256', 'blake2b']])

/**
 * The digests that a form announces; none when it announces none.
 * @throws {ClaimError} for what is no digest
 */
export const claimedDigests = (fields: Fields): Map<ClaimedHash, string> => {
  const digests = new Map<ClaimedHash, string>()
  for (const [field, hash, length] of digestFields) {
    const digest = singleField(fields, field)?.toLowerCase()
    if (digest === undefined) continue
    const long = digest.length === 2 * length ? overlong.get(hash) : undefined
    if ((digest.length !== length && long === undefined) || !/^[0-9a-f]*$/.test(digest))
      throw new ClaimError(`${field} must be ${length} hexadecimal digits`)
    digests.set(long ?? hash, digest)
  }
  return digests
}

const readDigests = (fields: Fields): Map<ClaimedHash, string> => {
  const digests = claimedDigests(fields)
  if (digests.size > 0) return digests
  throw new ClaimError('the form has no digest of the file: send sha256_digest (or md5_digest)')
}

// An unknown minor version only adds fields; a major one may change what the others mean (UP-21).
const checkMetadataVersion = (text: string | undefined): void => {
  if (text !== undefined && !/^[12]\.\d{1,2}$/.test(text))
    throw new ClaimError(`metadata version ${shown(text)} is unknown: it must be 1.x or 2.x`)
}

/**
 * The value of a field that may stand once; undefined when it is empty or `UNKNOWN`.
 * @throws {ClaimError} when it has several values
 */
export const singleField = (fields: Fields, field: string): string | undefined => {
  const given = new Set((fields.get(field) ?? []).map(value => value.trim()))
  given.delete('')
  given.delete('UNKNOWN')
  if (given.size > 1) throw new ClaimError(`the field ${field} is there more than once`)
  return [...given][0]
}

const required = (fields: Fields, field: string): string => {
  const value = singleField(fields, field)
  if (value === undefined) throw new ClaimError(`the form has no ${field}`)
  return value
}

/**
 * What disagrees between an upload's claims and the core metadata inside its file (fault P08), as
 * one line; undefined when they agree, or when the file has no metadata.
 * @param claims without a version, that of the file name is compared
 */
export const disagreement = (
  claims: Pick<Claims, 'name' | 'filename'> & { readonly version?: string },
  metadata: string | undefined,
): string | undefined => {
  if (metadata === undefined) return undefined
  const { metadataVersion, name, version } = readCoreMetadata(metadata)
  const claimed = claims.version ?? fileVersion(claims.name, claims.filename)
  if (metadataVersion === undefined) return 'the metadata in the file has no Metadata-Version'
  if (!/^[12]\.\d{1,2}$/.test(metadataVersion))
    return `the metadata in the file is of the unknown version ${shown(metadataVersion)}`
  if (name === undefined) return 'the metadata in the file has no Name'
  if (version === undefined) return 'the metadata in the file has no Version'
  if (projectName(name) !== claims.name)
    return `the metadata in the file is of ${shown(name)}, not of ${claims.name}`
  if (claimed === undefined || isSameVersion(version, claimed)) return undefined
  return `the metadata in the file is of version ${shown(version)}, not of ${claimed}`
}
