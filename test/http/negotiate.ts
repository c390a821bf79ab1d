import t from 'tap'
import { acceptance, encoding, simpleFormat, type Format } from '../../src/http/negotiate.ts'

const v1 = 'application/vnd.pypi.simple.v1'
const latest = 'application/vnd.pypi.simple.latest'

const rows: readonly (readonly [row: string, accept: string | undefined, format: Format])[] = [
  ['a', undefined, 'html'],
  ['a', '*/*', 'html'],
  ['b', 'text/html', 'html'],
  ['c', `${v1}+json`, 'json'],
  ['d', `${v1}+html`, 'v1html'],
  ['e', `${latest}+json`, 'json'],
  ['f', `${latest}+html`, 'v1html'],
  ['g', `${v1}+json, ${v1}+html; q=0.1, text/html; q=0.01`, 'json'],
  ['h', `${v1}+json, ${v1}+html;q=0.2, text/html;q=0.01`, 'json'],
  ['i', `${v1}+json, */*;q=0.1`, 'json'],
  ['j', `text/html, ${v1}+json;q=0.9`, 'html'],
  ['k', `${v1}+json;q=0, */*`, 'html'],
  ['l', `text/html;q=0.5, ${v1}+html;q=0.6, ${v1}+json;q=0.7`, 'json'],
  ['m', `text/html;q=0.001, ${v1}+html;q=0.002`, 'v1html'],
  ['n', 'application/*', 'v1html'],
  ['o', 'application/json', 'html'],
  ['o', 'application/vnd.pypi.simple.v2+json', 'html'],
  ['p', `text/*;q=0.1, ${latest}+json;q=0.2`, 'json'],
  ['q', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html'],
]

for (const [row, accept, format] of rows)
  t.test(`SA-30 ${row}: ${accept} gives ${format}`, async t =>
    t.equal(simpleFormat(accept), format),
  )

t.test('case, blanks and other parameters do not matter (SA-28)', async t => {
  t.equal(simpleFormat(`TEXT/HTML;q=0.1 ,\t${v1.toUpperCase()}+JSON ; version=1 ; Q = 0.5`), 'json')
})

t.test('a malformed element is skipped (SA-28)', async t => {
  for (const q of ['2', '-1', 'x', '0.1234', '1.1', ''])
    t.equal(simpleFormat(`text/html;q=0.1, ${v1}+json;q=${q}`), 'html', q)
  t.equal(simpleFormat(',,;;=,'), 'html')
  t.equal(simpleFormat(''), 'html')
})

t.test('the most specific range decides (SA-23)', async t => {
  t.equal(simpleFormat(`*/*;q=0.9, text/*;q=0.1, ${v1}+html;q=0.2`), 'json')
  t.equal(simpleFormat('text/*;q=0, */*;q=0.5'), 'v1html')
})

t.test('the format parameter wins, an unknown one does not count (SA-26, SA-27)', async t => {
  t.equal(simpleFormat('text/html', `${v1}+json`), 'json')
  t.equal(simpleFormat('text/html', `${v1} json`), 'json')
  t.equal(simpleFormat(`${v1}+json`, 'text/html'), 'html')
  t.equal(simpleFormat(`${v1}+json`, 'application/json'), 'json')
})

t.test('gzip only when it is asked for (SA-47)', async t => {
  for (const accept of [
    'gzip',
    'gzip, deflate',
    'gzip, deflate, zstd',
    'x-gzip',
    '*',
    'br, GZIP;q=0.1',
    'identity, gzip',
  ])
    t.equal(encoding(accept), 'gzip', accept)
  for (const accept of [
    undefined,
    '',
    'identity',
    'br',
    'gzip;q=0',
    'gzip;q=0, *',
    '*;q=0',
    'identity, gzip;q=0.5',
    'gzip;q=x',
  ])
    t.equal(encoding(accept), 'identity', String(accept))
})

t.test('10,000 elements take linear time, and many headers no memory (fault C27)', async t => {
  const started = performance.now()
  simpleFormat(Array.from({ length: 10_000 }, (_, n) => `a/b${n};q=0.5`).join(','))
  simpleFormat(';'.repeat(30_000))
  encoding('gzip;q=0.1,'.repeat(10_000))
  for (let n = 0; n < 2000; n++) t.equal(simpleFormat(`x/y${n}, ${v1}+json`), 'json')
  t.ok(performance.now() - started < 2000)
})

t.test('how much a type is wanted: the most specific element counts', async t => {
  for (const [accept, type, q] of [
    [undefined, 'application/json', 1],
    ['', 'application/json', 1],
    ['*/*', 'application/json', 1],
    ['application/json', 'application/json', 1],
    ['application/json', 'text/html', 0],
    ['text/html,*/*;q=0.8', 'application/json', 0.8],
    ['text/*;q=0.5', 'text/html', 0.5],
    ['text/html;q=0, */*', 'text/html', 0],
    ['Application/JSON;q=0.3', 'application/json', 0.3],
    ['application/json;q=nonsense', 'application/json', 0],
  ] as const)
    t.equal(acceptance(accept, type), q, `${accept} ${type}`)
})
