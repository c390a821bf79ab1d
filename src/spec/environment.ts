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
