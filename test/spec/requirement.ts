import t from 'tap'
import { parseRequirement } from '../../src/spec/requirement.ts'

const short = (text: string) => {
  const { name, extras, specifier, url, marker } = parseRequirement(text)
  return [name, extras.join(','), specifier, url ?? '', marker === undefined ? '' : 'marker']
}

t.test('dependency specifiers (PEP 508)', async t => {
  for (const [text, ...parts] of [
    ['A', 'a', '', '', '', ''],
    ['A.B-C_D', 'a-b-c-d', '', '', '', ''],
    ['name<=1', 'name', '', '<=1', '', ''],
    ['name>=3,<2', 'name', '', '>=3,<2', '', ''],
    ['name >= 3 , < 2 ,', 'name', '', '>=3,<2', '', ''],
    ['name (>=1.0, !=1.3.4.*)', 'name', '', '>=1.0,!=1.3.4.*', '', ''],
    ['name===anything-at.all', 'name', '', '===anything-at.all', '', ''],
    ['name[quux, Strange_X];python_version<"2.7"', 'name', 'quux,strange-x', '', '', 'marker'],
    ['name[a,a]', 'name', 'a', '', '', ''],
    ['name [ ] == 1.*', 'name', '', '==1.*', '', ''],
    ['name@http://foo.com', 'name', '', '', 'http://foo.com', ''],
    ['name[x] @ http://foo.com ; os_name=="a"', 'name', 'x', '', 'http://foo.com', 'marker'],
    [' name ~= 1.4.2 ; (os_name=="a" or os_name=="b") ', 'name', '', '~=1.4.2', '', 'marker'],
  ] as const)
    t.strictSame(short(text), parts, text)
})

t.test('what is none is refused with the place', async t => {
  for (const [text, message] of [
    ['', 'expected the name of a project at column 1'],
    ['-e .', 'expected the name of a project at column 1'],
    ['foo bar', 'expected a version specifier, `;` or the end at column 5'],
    ['foo=1.0', 'expected a version specifier, `;` or the end at column 4'],
    ['foo>=', 'expected a version that suits `>=` at column 6'],
    ['foo>=1.*', 'expected a version that suits `>=` at column 6'],
    ['foo>=1,latest', 'expected `,`, `;` or the end at column 8'],
    ['foo (>=1', 'expected `)` at column 9'],
    ['foo[a', 'expected `,` or `]` at column 6'],
    ['foo[a b]', 'expected `,` or `]` at column 7'],
    ['foo[a,]', 'expected the name of an extra at column 7'],
    ['foo[-]', 'expected the name of an extra at column 5'],
    ['foo @ ', 'expected a URL at column 6'],
    ['foo @ http://x y', 'expected a blank and `;` or the end at column 16'],
    ['foo; os_name=="a" x', 'expected `and`, `or` or the end at column 19'],
  ] as const)
    t.throws(() => parseRequirement(text), { message, status: 400 }, text)
  t.throws(() => parseRequirement(`a${'b'.repeat(30_000)}`), { message: /more than 20000/ })
})
