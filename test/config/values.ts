import t from 'tap'
import { options, variablesOf } from '../../src/options.ts'
import { nodeInsecure, nodeTooOld } from '../../src/config/node-version.ts'
import { expected, readValue } from '../../src/config/values.ts'

const value = (key: string, given: unknown) => {
  const option = options.find(option => option.key === key)
  return option && readValue(option, given, '/base')
}

t.test('values are texts of flags and variables, or TOML', t => {
  const rows: readonly (readonly [string, unknown, unknown])[] = [
    ['port', '0', 0],
    ['port', 65535, 65535],
    ['port', ' 80', 80],
    ['port', '-1', undefined],
    ['port', 80.5, undefined],
    ['port', true, undefined],
    ['refresh', '1.5', 1.5],
    ['refresh', '500ms', 0.5],
    ['refresh', '2 h', 7200],
    ['refresh', 0, 0],
    ['refresh', -1, undefined],
    ['refresh', Infinity, undefined],
    ['refresh', '3 fortnights', undefined],
    ['refresh', '__proto__', undefined],
    ['refresh', '1constructor', undefined],
    ['max-page-size', '20GB', 20e9],
    ['max-page-size', '1.5 MiB', 1_572_864],
    ['max-page-size', 4096.5, 4096],
    ['no-proxy', 'YES', true],
    ['no-proxy', 'off', false],
    ['no-proxy', 'maybe', undefined],
    ['no-proxy', 1, undefined],
    ['private', 'a b\tc', ['a', 'b', 'c']],
    ['private', ['a'], ['a']],
    ['private', ['a', 3], undefined],
    ['cache', 'x', '/base/x'],
    ['cache', '/x', '/x'],
    ['cache', 'a\0b', undefined],
    ['cache', new Date(), undefined],
    ['log-format', 'json', 'json'],
    ['log-format', 'xml', undefined],
  ]
  for (const [key, given, want] of rows) t.same(value(key, given), want, `${key} ${String(given)}`)
  t.end()
})

t.test('every option says what it expects, and its default is such a value', t => {
  const names = options.flatMap(({ key, short, alias }) => [key, short, alias].filter(Boolean))
  t.equal(new Set(names).size, names.length, 'no name twice')
  for (const option of options) {
    t.ok(expected(option))
    t.ok(option.default === undefined || readValue(option, option.default, '/') !== undefined)
  }
  const offline = options.find(({ key }) => key === 'no-proxy')
  t.same(offline && variablesOf(offline), ['PROXYPYPI_NO_PROXY', 'PROXYPYPI_OFFLINE'])
  t.end()
})

t.test('the release of Node is looked at (fault X26)', t => {
  t.match(nodeTooOld('18.20.8'), /^Node 18\.20\.8 is too old; install 20\.19\.0 or later$/)
  t.match(nodeTooOld('20.18.3'), /too old/)
  t.equal(nodeTooOld('20.19.0'), undefined)
  t.equal(nodeTooOld('26.0.0-nightly'), undefined)
  t.match(nodeInsecure('20.19.0'), /has known security holes; install 20\.20\.2 or later$/)
  t.match(nodeInsecure('22.22.1'), /22\.22\.2/)
  t.match(nodeInsecure('24.14.0'), /24\.14\.1/)
  t.equal(nodeInsecure('20.20.2'), undefined)
  t.equal(nodeInsecure('24.15.0'), undefined)
  t.equal(nodeInsecure('26.1.0'), undefined)
  t.end()
})
