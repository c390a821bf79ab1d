import t from 'tap'
import {
  allowsPython,
  environmentOf,
  hostPlatform,
  newestPython,
  readTarget,
} from '../../src/spec/environment.ts'

t.test('targets by their names', async t => {
  for (const python of ['3.12', '3.12.4', '3.14t', '2.7', 'any', newestPython])
    t.equal(readTarget(python, 'any').python, python)
  for (const platform of [
    'linux-x86_64',
    'linux-aarch64',
    'linux_x86_64',
    'manylinux_2_28_x86_64',
    'manylinux2014_aarch64',
    'musllinux-x86_64',
    'musllinux_1_2_x86_64',
    'macosx-arm64',
    'macosx_11_0_arm64',
    'win-amd64',
    'win_arm64',
    'win32',
    'any',
  ])
    t.equal(readTarget('3.12', platform).platform, platform)
})

t.test('unknown ones are refused with the remedy', async t => {
  for (const python of ['3', '312', 'python3.12', '3.12t', '3.12rc1', '', '3.12.4.5'])
    t.throws(
      () => readTarget(python, 'any'),
      { message: /unknown Python .*write it like 3\.12/, status: 400 },
      python,
    )
  for (const platform of [
    'linux',
    'linux-vax',
    'linux_2_28_x86_64',
    'manylinux2014_2_28_x86_64',
    'win_1_0_amd64',
    'windows',
    'win-x86_64',
    'macosx-ppc',
    'x86_64',
    '',
  ])
    t.throws(
      () => readTarget('3.12', platform),
      { message: /unknown platform .*there are linux-x86_64/, status: 400 },
      platform,
    )
})

const seen = (python: string, platform: string) =>
  Object.fromEntries(environmentOf(readTarget(python, platform)))

t.test('what markers see', async t => {
  t.strictSame(seen('3.12.4', 'musllinux-aarch64'), {
    implementation_name: ['cpython'],
    platform_python_implementation: ['CPython'],
    python_version: ['3.12'],
    python_full_version: ['3.12.4'],
    implementation_version: ['3.12.4'],
    os_name: ['posix'],
    sys_platform: ['linux'],
    platform_system: ['Linux'],
    platform_machine: ['aarch64'],
  })
  t.match(seen('3.9', 'win-amd64'), {
    os_name: ['nt'],
    sys_platform: ['win32'],
    platform_system: ['Windows'],
    platform_machine: ['AMD64'],
  })
  t.match(seen('3.9', 'macosx-arm64'), {
    sys_platform: ['darwin'],
    platform_system: ['Darwin'],
    platform_machine: ['arm64'],
  })
  t.strictSame(seen('3.9', 'win32')['platform_machine'], ['x86', 'AMD64'])
  t.strictSame(seen('3.9', 'linux-i686')['platform_machine'], ['i686', 'x86_64'])
  t.strictSame(seen('any', 'any'), {})
})

const allows = (requires: string, python: string) =>
  allowsPython(requires, environmentOf(readTarget(python, 'any')))

t.test('Requires-Python', async t => {
  t.equal(allows('>=3.8', '3.12'), true)
  t.equal(allows('>=3.13', '3.12'), false)
  t.equal(allows('>=3.8,<3.12', '3.12'), false)
  t.equal(allows('>=3.12.2', '3.12'), true, 'some 3.12 has it')
  t.equal(allows('>=3.12.2', '3.12.1'), false)
  t.equal(allows('!=3.9.0,!=3.9.1,>=3.7', '3.9'), true)
  t.equal(allows('>=3.7.*', '2.7'), true, 'no specifier excludes none, as in pip')
  t.equal(allows('>=3', 'any'), true)
  t.equal(allows('', '3.12'), true)
})

t.test('the platform of this machine', async t => {
  t.equal(hostPlatform('linux', 'x64', false), 'linux-x86_64')
  t.equal(hostPlatform('linux', 'arm64', true), 'musllinux-aarch64')
  t.equal(hostPlatform('darwin', 'arm64', false), 'macosx-arm64')
  t.equal(hostPlatform('win32', 'x64', false), 'win-amd64')
  t.equal(hostPlatform('freebsd', 'x64', false), 'any')
  for (const [platform, arch] of [
    ['linux', 'ia32'],
    ['linux', 'riscv64'],
    ['win32', 'ia32'],
    ['darwin', 'x64'],
  ] as const)
    t.doesNotThrow(() => readTarget('3.12', hostPlatform(platform, arch, false)))
})
