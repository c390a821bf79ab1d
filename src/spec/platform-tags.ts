import type { Platform, PlatformVersion } from './platform.ts'

/** The last part of a wheel's tag (PEP 425, 600, 656), and what it demands of the machine. */
export interface PlatformTag {
  readonly tag: string
  /** The oldest version of glibc, musl or macOS that it runs on; undefined where that is no matter. */
  readonly least: PlatformVersion | undefined
}

const legacy: ReadonlyMap<number, string> = new Map([
  [17, 'manylinux2014'],
  [12, 'manylinux2010'],
  [5, 'manylinux1'],
])

/** The whole numbers from the newest down to the oldest, both among them. */
export const downFrom = (newest: number, oldest: number): number[] =>
  Array.from({ length: Math.max(newest - oldest + 1, 0) }, (_, index) => newest - index)

const glibcTags = ({ machine, newest: [major, minor] }: Platform): PlatformTag[] =>
  downFrom(minor, machine === 'x86_64' || machine === 'i686' ? 5 : 17).flatMap(minor => {
    const least = [major, minor] as const
    const older = legacy.get(minor)
    const tag = { tag: `manylinux_${major}_${minor}_${machine}`, least }
    return older === undefined ? [tag] : [tag, { tag: `${older}_${machine}`, least }]
  })

const muslTags = ({ machine, newest: [major, minor] }: Platform): PlatformTag[] =>
  downFrom(minor, 0).map(minor => ({
    tag: `musllinux_${major}_${minor}_${machine}`,
    least: [major, minor],
  }))

const tagsOf = ([major, minor]: PlatformVersion, formats: readonly string[]): PlatformTag[] =>
  formats.map(format => ({ tag: `macosx_${major}_${minor}_${format}`, least: [major, minor] }))

const macosTags = ({ machine, newest: [major, minor] }: Platform): PlatformTag[] => {
  const formats =
    machine === 'arm64' ?
      ['arm64', 'universal2']
    : ['x86_64', 'intel', 'fat64', 'fat32', 'universal2', 'universal']
  const since11 = downFrom(major, 11).flatMap(major => tagsOf([major, 0], formats))
  // Before 11 the releases were minor ones, and none was for arm64 but by `universal2`.
  const before = downFrom(major >= 11 ? 16 : minor, 4)
  const beforeFormats = machine === 'arm64' ? ['universal2'] : formats
  return [...since11, ...before.flatMap(minor => tagsOf([10, minor], beforeFormats))]
}

const plain = (tag: string): PlatformTag => ({ tag, least: undefined })

/** What a platform's wheels are tagged with, but for `any`: in pip's order, those of its newest. */
export const platformTags = (platform: Platform): PlatformTag[] => {
  const { system, machine } = platform
  if (system === 'windows') return [plain(machine === 'x86' ? 'win32' : `win_${machine}`)]
  if (system === 'macosx') return macosTags(platform)
  const own = system === 'musl' ? muslTags(platform) : glibcTags(platform)
  return [...own, plain(`linux_${machine}`)]
}
