import t from 'tap'
import { environmentOf, readTarget, type Environment } from '../../src/spec/environment.ts'
import { evaluate } from '../../src/spec/evaluate.ts'
import { parseMarker } from '../../src/spec/marker.ts'

const linux = environmentOf(readTarget('3.12.4', 'linux-x86_64'))
const holds = (marker: string, environment = linux, extras?: readonly string[] | 'any') =>
  evaluate(parseMarker(marker), environment, extras)

t.test('markers on CPython 3.12.4 on Linux', async t => {
  for (const marker of [
    'python_version >= "3.8"',
    'python_version < "3.13"',
    'python_version == "3.12"',
    'python_version == "3.*"',
    'python_version ~= "3.8"',
    'python_full_version == "3.12.*"',
    'python_full_version < "3.12.10"',
    '"3.8" <= python_version',
    'python_version in "3.11 3.12"',
    'os_name == "posix"',
    'sys_platform == "linux"',
    '"linux" in sys_platform',
    'platform_system != "Windows"',
    'platform_machine == "x86_64"',
    'implementation_name == "cpython"',
    'platform_python_implementation == "CPython"',
    'os_name == "nt" or sys_platform == "linux"',
    'python_version > "2.7" and (os_name == "nt" or os_name == "posix")',
  ])
    t.equal(holds(marker), true, marker)
  for (const marker of [
    'python_version < "3.9"',
    'python_version >= "3.13"',
    'sys_platform == "win32"',
    'sys_platform > "linux"',
    'sys_platform ~= "linux"',
    'platform_python_implementation == "PyPy"',
    'os_name == "posix" and sys_platform == "darwin"',
  ])
    t.equal(holds(marker), false, marker)
  t.equal(evaluate(undefined, linux), true, 'no marker')
})

t.test('extras in any spelling (PEP 685)', async t => {
  t.equal(holds('extra == "test"'), false)
  t.equal(holds('extra == "test"', linux, ['test']), true)
  t.equal(holds('extra == "My_Extra"', linux, ['my-extra']), true)
  t.equal(holds('"a.b" == extra', linux, ['a-b']), true)
  t.equal(holds('extra == "b"', linux, ['a', 'b']), true, 'one of several')
  t.equal(holds('extra == "a" and extra == "b"', linux, ['a', 'b']), false, 'one at a time, as pip')
  t.equal(holds('extra == "test" and os_name == "nt"', linux, 'any'), false)
  t.equal(holds('extra == "whatever"', linux, 'any'), true)
})

t.test('extras and groups of a lock (PEP 751)', async t => {
  const chosen: Environment = new Map([...linux, ['extras', ['My_X']], ['dependency_groups', []]])
  t.equal(holds('"my-x" in extras', chosen), true)
  t.equal(holds('"y" in extras', chosen), false)
  t.equal(holds('"y" not in extras', chosen), true)
  t.equal(holds('"dev" in dependency_groups', chosen), false)
  t.equal(holds('"dev" in dependency_groups and "y" in extras', linux), true, 'unknown: may be')
})

t.test('what is not known of a target may be so', async t => {
  const some = environmentOf(readTarget('3.11', 'any'))
  t.equal(holds('sys_platform == "win32"', some), true)
  t.equal(holds('platform_release >= "5"', linux), true)
  t.equal(holds('python_version < "3.11"', some), false)
  t.equal(holds('python_full_version < "3.11.3"', some), true, 'an early patch level')
  t.equal(holds('python_full_version >= "3.11.3"', some), true, 'a late one')
  t.equal(holds('python_full_version < "3.11.0"', some), false)
  t.equal(holds('python_full_version < "3.11.0a6"', some), false)
})
