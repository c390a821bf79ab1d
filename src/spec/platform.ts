/** A version of glibc, musl or macOS. */
export type PlatformVersion = readonly [major: number, minor: number]

/** A platform of wheels, taken apart. */
export interface Platform {
  readonly system: 'glibc' | 'musl' | 'macosx' | 'windows'
  /** The machine as wheels call it: `x86_64`, `arm64`, `amd64`. */
  readonly machine: string
  /** The newest version of glibc, musl or macOS there is on such machines; `[0, 0]` for Windows. */
  readonly newest: PlatformVersion
  /** The oldest; the same as the newest where a platform names one version. */
  readonly oldest: PlatformVersion
}

// What is running in the world: a platform that names no version stands for all of these.
const glibc = { oldest: [2, 28], newest: [2, 42] } as const
const musl = { oldest: [1, 1], newest: [1, 2] } as const
const macosIntel = { oldest: [11, 0], newest: [26, 0] } as const
const macosArm = { oldest: [11, 0], newest: [26, 0] } as const
const windows = { oldest: [0, 0], newest: [0, 0] } as const

const linuxMachines: ReadonlySet<string> = new Set([
  'x86_64',
  'aarch64',
  'i686',
  'armv7l',
  'ppc64le',
  's390x',
  'riscv64',
  'loongarch64',
])

// The names of a glibc from before they were numbered (PEP 513, 571, 599).
const legacy: ReadonlyMap<string, PlatformVersion> = new Map([
  ['manylinux1', [2, 5]],
  ['manylinux2010', [2, 12]],
  ['manylinux2014', [2, 17]],
])

/** The names of platforms, for messages to people. */
export const platformNames =
  'linux-x86_64, linux-aarch64, musllinux-x86_64, macosx-arm64, macosx-x86_64, win-amd64, ' +
  'win-arm64, win32, any, or as wheels are tagged: manylinux_2_28_x86_64'

const linux = (family: string, machine: string): Platform | undefined => {
  if (!linuxMachines.has(machine)) return undefined
  const known = legacy.get(family)
  if (known !== undefined) return { system: 'glibc', machine, newest: known, oldest: known }
  if (family === 'musllinux') return { system: 'musl', machine, ...musl }
  return { system: 'glibc', machine, ...glibc }
}

const macos = (machine: string): Platform | undefined => {
  if (machine === 'arm64') return { system: 'macosx', machine, ...macosArm }
  return machine === 'x86_64' ? { system: 'macosx', machine, ...macosIntel } : undefined
}

const unnumbered = (family: string, machine: string): Platform | undefined => {
  if (family === 'win')
    return machine === 'amd64' || machine === 'arm64' ?
        { system: 'windows', machine, ...windows }
      : undefined
  return family === 'macosx' ? macos(machine) : linux(family, machine)
}

const form =
  /^(linux|manylinux1|manylinux2010|manylinux2014|manylinux|musllinux|macosx|win)_(?:(\d{1,3})_(\d{1,3})_)?([a-z0-9_]{1,20})$/

/**
 * A platform by its name: `linux-x86_64` for any version of glibc, `manylinux_2_28_x86_64` for one
 * with 2.28; likewise musllinux and macOS; `-` and `_` are the same. Undefined for an unknown one.
 */
export const parsePlatform = (text: string): Platform | undefined => {
  const name = text.toLowerCase().replaceAll('-', '_')
  if (name === 'win32') return { system: 'windows', machine: 'x86', ...windows }
  const [, family = '', major, minor, machine = ''] = form.exec(name) ?? []
  const platform = unnumbered(family, machine)
  if (platform === undefined || major === undefined) return platform
  if (family === 'win' || family === 'linux' || legacy.has(family)) return undefined
  const named = [Number(major), Number(minor)] as const
  return { ...platform, newest: named, oldest: named }
}
