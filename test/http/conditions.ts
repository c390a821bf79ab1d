import t from 'tap'
import { ifRangeHolds, matches, notModified } from '../../src/http/conditions.ts'

const modified = new Date('2026-01-02T03:04:05.678Z')
const same = 'Fri, 02 Jan 2026 03:04:05 GMT'
const later = 'Fri, 02 Jan 2026 03:04:06 GMT'
const earlier = 'Fri, 02 Jan 2026 03:04:04 GMT'
const validators = { etag: '"a"', modified }

t.test('If-None-Match is a list, compared weakly (SA-45, fault C26)', async t => {
  for (const header of [
    '"a"',
    ' "a" ',
    'W/"a"',
    '"b", "a"',
    '"b",W/"a"',
    '*',
    ' * ',
    '"x,y" , "a"',
  ])
    t.ok(matches(header, '"a"'), header)
  for (const header of ['', 'a', '"b"', '"aa"', '"A"', '"b, ', '"x"a"y"', '"b", a', '"'])
    t.notOk(matches(header, '"a"'), header)
})

t.test('a comma within quotes belongs to the tag', async t => {
  t.ok(matches('"a,b"', '"a,b"'))
  t.ok(matches('"c", "a,b"', '"a,b"'))
  t.notOk(matches('"a,b", "c"', '"b"'))
})

t.test('a long list takes linear time (fault C27)', async t => {
  const started = performance.now()
  t.notOk(matches('"b",'.repeat(10_000), '"a"'))
  t.notOk(matches('"'.repeat(30_000), '"a"'))
  t.ok(performance.now() - started < 1000)
})

t.test('If-Modified-Since counts only without If-None-Match', async t => {
  t.ok(notModified(undefined, same, validators))
  t.ok(notModified(undefined, later, validators))
  t.notOk(notModified(undefined, earlier, validators))
  t.notOk(notModified('"b"', later, validators))
  t.ok(notModified('"a"', earlier, validators))
  t.notOk(notModified(undefined, undefined, validators))
})

t.test('what is no HTTP date is ignored', async t => {
  for (const date of ['2027-01-01', 'tomorrow', '', 'Fri, 99 Foo 2027 03:04:05 GMT'])
    t.notOk(notModified(undefined, date, validators), date)
})

t.test('If-Range holds for the same strong tag or the exact date (CL-34)', async t => {
  t.ok(ifRangeHolds('"a"', validators))
  t.ok(ifRangeHolds(same, validators))
  for (const header of ['W/"a"', '"b"', later, earlier, '*', 'a', ''])
    t.notOk(ifRangeHolds(header, validators), header)
})
