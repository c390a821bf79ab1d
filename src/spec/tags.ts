import type { Target } from './environment.ts'
import { downFrom, platformTags, type PlatformTag } from './platform-tags.ts'
import { parsePlatform } from './platform.ts'

/** What a target can install wheels for (PEP 425), the best first. */
export interface Supported {
  /** First two parts of a tag, for wheels of a platform: `cp312-cp312`; undefined: all there are. */
  readonly pythons: readonly string[] | undefined
  /** The same for wheels of any platform. */
  readonly pure: readonly string[] | undefined
  /** The last part, without `any`; undefined: all there are. */
  readonly platforms: readonly PlatformTag[] | undefined
}

const cpython = (major: number, minor: number, free: boolean) => {
  const own = `cp${major}${minor}`
  // Free-threaded Pythons have a stable ABI of their own (PEP 803).
  const stable = free ? 'abi3t' : 'abi3'
  const flags = major === 3 && minor < 8 ? 'm' : ''
  const older = downFrom(minor - 1, 2).map(minor => `cp${major}${minor}-${stable}`)
  const generic = [
    `py${major}${minor}-none`,
    `py${major}-none`,
    ...downFrom(minor - 1, 0).map(minor => `py${major}${minor}-none`),
  ]
  const exact = [`${own}-${own}${free ? 't' : flags}`, `${own}-${stable}`, `${own}-none`]
  return { pythons: [...exact, ...older, ...generic], pure: [`${own}-none`, ...generic] }
}

/** What a target can install wheels for, in pip's order of preference. */
export const supportedBy = (target: Target): Supported => {
  const [, major, minor, free] = /^(\d)\.(\d+)(?:\.\d+)?(t?)$/.exec(target.python) ?? []
  const platform = parsePlatform(target.platform)
  const { pythons, pure } =
    major === undefined ?
      { pythons: undefined, pure: undefined }
    : cpython(Number(major), Number(minor), free === 't')
  return {
    pythons,
    pure,
    platforms: platform === undefined ? undefined : platformTags(platform),
  }
}

/**
 * All tags that a target supports, in pip's order of preference; for a platform that names no
 * version those of its newest. Undefined for a target with an `any` in it, which no list can hold.
 */
export const supportedTags = (target: Target): string[] | undefined => {
  const { pythons, pure, platforms } = supportedBy(target)
  if (pythons === undefined || pure === undefined || platforms === undefined) return undefined
  return [
    ...pythons.flatMap(python => platforms.map(({ tag }) => `${python}-${tag}`)),
    ...pure.map(python => `${python}-any`),
  ]
}

/** The tags in a wheel's name, each in one or several parts (binary distribution format). */
export interface WheelTags {
  readonly pythons: readonly string[]
  readonly abis: readonly string[]
  readonly platforms: readonly string[]
  /** The number that a build tag begins with, and what follows; undefined without one. */
  readonly build: readonly [number: number, rest: string] | undefined
}

/** The tags in the file name of a wheel; undefined for what is not named like one. */
export const wheelTags = (filename: string): WheelTags | undefined => {
  if (!filename.endsWith('.whl')) return undefined
  const parts = filename.slice(0, -'.whl'.length).toLowerCase().split('-')
  if (parts.length !== 5 && parts.length !== 6) return undefined
  const [pythons = '', abis = '', platforms = ''] = parts.slice(-3)
  const [, number, rest = ''] =
    parts.length === 6 ? (/^(\d{1,15})(.*)$/s.exec(parts[2] ?? '') ?? []) : []
  return {
    pythons: pythons.split('.'),
    abis: abis.split('.'),
    platforms: platforms.split('.'),
    build: number === undefined ? undefined : [Number(number), rest],
  }
}
