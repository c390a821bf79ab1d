import { InputError } from './input-error.ts'
import { parsePlatform, platformNames, type Platform } from './platform.ts'
import { parseRelease } from './release.ts'
import { fits, parseSpecifiers } from './specifier.ts'

/** The variables of environment markers (dependency specifiers, PEP 508; the last two PEP 751). */
export type Variable =
  | 'os_name'
  | 'sys_platform'
  | 'platform_machine'
  | 'platform_python_implementation'
  | 'platform_release'
  | 'platform_system'
  | 'platform_version'
  | 'python_version'
  | 'python_full_version'
  | 'implementation_name'
  | 'implementation_version'
  | 'extra'
  | 'extras'
  | 'dependency_groups'

/**
 * What is known of the machine that will install: for each variable the values it may have. A
 * comparison holds if it holds for one of them; a variable that is absent may have any value. So a
 * file that some such machine needs is never passed over.
 */
export type Environment = ReadonlyMap<Variable, readonly string[]>

/** Whom files are fetched for: a Python on a platform. Only `readTarget` makes one. */
export interface Target {
  /** `3.12`, `3.12.4`, `3.14t` (free-threaded), or `any`. CPython. */
  readonly python: string
  /** `linux-x86_64`, `musllinux_1_2_x86_64`, `macosx-arm64`, `win-amd64`, ..., or `any`. */
  readonly platform: string
}

/** The Python of a target where nobody chooses one and none is found: the newest with a final release. */
export const newestPython = '3.14'

const pythonForm = /^(\d)\.(\d{1,2})(?:\.(\d{1,2}))?(t?)$/

/** A target by the names that people use; throws an `InputError` that says which there are. */
export const readTarget = (python: string, platform: string): Target => {
  const known = pythonForm.exec(python)
  if (python !== 'any' && (known === null || (known[4] === 't' && Number(known[2]) < 13)))
    throw new InputError(
      `unknown Python ${shown(python)}: write it like 3.12, 3.12.4, 3.14t or any`,
    )
  if (platform !== 'any' && parsePlatform(platform) === undefined)
    throw new InputError(`unknown platform ${shown(platform)}: there are ${platformNames}`)
  return { python, platform }
}

const shown = (text: string) => JSON.stringify(text.slice(0, 60))

const hostNames: ReadonlyMap<string, string> = new Map([
  ['linux-x64', 'x86_64'],
  ['linux-arm64', 'aarch64'],
  ['linux-ia32', 'i686'],
  ['linux-arm', 'armv7l'],
  ['linux-ppc64', 'ppc64le'],
  ['linux-s390x', 's390x'],
  ['linux-riscv64', 'riscv64'],
  ['linux-loong64', 'loongarch64'],
  ['darwin-arm64', 'macosx-arm64'],
  ['darwin-x64', 'macosx-x86_64'],
  ['win32-x64', 'win-amd64'],
  ['win32-arm64', 'win-arm64'],
  ['win32-ia32', 'win32'],
])

/** The platform of this machine, from Node's names for it; `any` for one that wheels do not know. */
export const hostPlatform = (platform: string, arch: string, isMusl: boolean): string => {
  const name = hostNames.get(`${platform}-${arch}`)
  if (name === undefined || platform !== 'linux') return name ?? 'any'
  return `${isMusl ? 'musllinux' : 'linux'}-${name}`
}

/** The Pythons that a target stands for, in full; undefined for any. Patch levels unknown: first and last. */
const fullPythons = (python: string): readonly string[] | undefined => {
  const [, major, minor, patch] = pythonForm.exec(python) ?? []
  if (major === undefined) return undefined
  const patches = patch === undefined ? ['0', '99'] : [patch]
  return patches.map(patch => `${major}.${minor}.${patch}`)
}

const pythonVariables = (python: string): [Variable, readonly string[]][] => {
  const [, major, minor] = pythonForm.exec(python) ?? []
  const full = fullPythons(python)
  if (full === undefined) return []
  return [
    ['implementation_name', ['cpython']],
    ['platform_python_implementation', ['CPython']],
    ['python_version', [`${major}.${minor}`]],
    ['python_full_version', full],
    ['implementation_version', full],
  ]
}

// What `platform.machine()` says; 32 bit programs may run on 64 bit systems.
const machinesOf = ({ system, machine }: Platform): readonly string[] => {
  if (system !== 'windows') return machine === 'i686' ? ['i686', 'x86_64'] : [machine]
  return machine === 'x86' ? ['x86', 'AMD64'] : [machine.toUpperCase()]
}

const systems = {
  glibc: ['posix', 'linux', 'Linux'],
  musl: ['posix', 'linux', 'Linux'],
  macosx: ['posix', 'darwin', 'Darwin'],
  windows: ['nt', 'win32', 'Windows'],
} as const

const platformVariables = (name: string): [Variable, readonly string[]][] => {
  const platform = parsePlatform(name)
  if (platform === undefined) return []
  const [osName, sysPlatform, system] = systems[platform.system]
  return [
    ['os_name', [osName]],
    ['sys_platform', [sysPlatform]],
    ['platform_system', [system]],
    ['platform_machine', machinesOf(platform)],
  ]
}

/** What the markers see on a target. The release of its kernel is unknown, and so is what is `any`. */
export const environmentOf = (target: Target): Environment =>
  new Map([...pythonVariables(target.python), ...platformVariables(target.platform)])

/**
 * True when a `Requires-Python` (or `requires-python` of a lock) lets a target's Python in. What is
 * no version specifier excludes none, as in pip.
 */
export const allowsPython = (requiresPython: string, environment: Environment): boolean => {
  const specifiers = parseSpecifiers(requiresPython)
  const pythons = environment.get('python_full_version')
  if (specifiers === undefined || pythons === undefined) return true
  return pythons.some(python => {
    const release = parseRelease(python)
    return release === undefined || fits(specifiers, release)
  })
}
