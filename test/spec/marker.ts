import t from 'tap'
import { parseMarker, type Marker } from '../../src/spec/marker.ts'

t.test('a comparison, in all its parts', async t => {
  t.strictSame(parseMarker('python_version >= "3.8"'), {
    variable: 'python_version',
    operator: '>=',
    value: '3.8',
    reversed: false,
  })
  t.strictSame(parseMarker(" 'linux'not   in\tsys.platform "), {
    variable: 'sys_platform',
    operator: 'not in',
    value: 'linux',
    reversed: true,
  })
})

const shape = (marker: Marker): string => {
  if ('all' in marker) return `(${marker.all.map(shape).join('&')})`
  if ('any' in marker) return `(${marker.any.map(shape).join('|')})`
  return marker.value
}

t.test('`and` binds closer than `or`, parentheses closest', async t => {
  const [a, b, c] = ['a', 'b', 'c'].map(value => `os_name=="${value}"`)
  t.equal(shape(parseMarker(`${a} or ${b} and ${c}`)), '(a|(b&c))')
  t.equal(shape(parseMarker(`(${a} or ${b}) and ${c}`)), '((a|b)&c)')
  t.equal(shape(parseMarker(`${a} and ${b} and ${c}`)), '(a&b&c)')
  t.equal(shape(parseMarker(`((${a}))or(${b})`)), '(a|b)')
})

t.test('the older spellings of variables', async t => {
  for (const [written, variable] of [
    ['os.name', 'os_name'],
    ['python_implementation', 'platform_python_implementation'],
    ['platform.python_implementation', 'platform_python_implementation'],
    ['platform.machine', 'platform_machine'],
    ['platform.version', 'platform_version'],
  ] as const)
    t.match(parseMarker(`${written} == "x"`), { variable })
})

t.test('what is no marker is refused with the place', async t => {
  for (const [text, message] of [
    ['', 'expected a marker variable or a quoted text at column 1'],
    ['python_versio > "3"', 'expected a marker variable or a quoted text at column 1'],
    ['os_name', 'expected a comparison at column 8'],
    ['os_name == ', 'expected a marker variable or a quoted text at column 12'],
    ['os_name == "nt', 'expected a marker variable or a quoted text at column 12'],
    ['(os_name == "nt"', 'expected `)` at column 17'],
    [
      'os_name == "nt" os_name == "x"',
      'expected `and`, `or` or the end of the marker at column 17',
    ],
    ['"a" == "b"', 'expected a variable compared with a quoted text at column 1'],
    ['os_name == sys_platform', 'expected a variable compared with a quoted text at column 1'],
    ['os_name not "nt"', 'expected a comparison at column 9'],
  ] as const)
    t.throws(() => parseMarker(text), { message, status: 400 }, text)
})

const nested = (depth: number) => '('.repeat(depth) + 'os_name=="nt"' + ')'.repeat(depth)

t.test('nesting has a bound', async t => {
  t.doesNotThrow(() => parseMarker(nested(60)))
  t.throws(() => parseMarker(nested(61)), { message: /no more than 60 parentheses/ })
  t.throws(() => parseMarker('('.repeat(1_000_000)), { message: /parentheses/ })
})
