import t from 'tap'
import { parseRange } from '../../src/http/range.ts'

t.test('a range of ten bytes (CL-35)', async t => {
  for (const [header, start, end] of [
    ['bytes=0-0', 0, 1],
    ['bytes=5-9', 5, 10],
    ['bytes=5-', 5, 10],
    ['bytes=0-', 0, 10],
    ['bytes=2-100', 2, 10],
    ['bytes=-3', 7, 10],
    ['bytes=-10', 0, 10],
    ['bytes=-100', 0, 10],
    ['Bytes= 1-2 ', 1, 3],
    [`bytes=1-${'9'.repeat(30)}`, 1, 10],
    [`bytes=1-${'9'.repeat(400)}`, 1, 10],
    [`bytes=-${'9'.repeat(400)}`, 0, 10],
  ] as const)
    t.strictSame(parseRange(header, 10), { start, end }, header)
})

t.test('what begins behind the end cannot be satisfied', async t => {
  for (const header of [
    'bytes=10-',
    'bytes=10-20',
    'bytes=-0',
    `bytes=${'9'.repeat(400)}-`,
    `bytes=${2 ** 63}-${2 ** 64}`,
  ])
    t.equal(parseRange(header, 10), 'unsatisfiable', header)
  for (const header of ['bytes=0-', 'bytes=0-0', 'bytes=-5'])
    t.equal(parseRange(header, 0), 'unsatisfiable', header)
})

t.test(
  'what is malformed, another unit, or several ranges is ignored (fault C24, C25)',
  async t => {
    for (const header of [
      'bytes=9-5',
      'bytes=-',
      'bytes=',
      'bytes',
      'bytes=a-b',
      'bytes=abc',
      'items=0-1',
      'bytes=0-1,3-4',
      'bytes=--1',
      'bytes=1.5-2',
      'bytes=0x1-2',
      'bytes=+1-2',
      '',
      `bytes=${'0-0,'.repeat(1000)}1-1`,
    ])
      t.equal(parseRange(header, 10), undefined, header)
  },
)
