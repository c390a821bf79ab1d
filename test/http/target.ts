import t from 'tap'
import { HttpError } from '../../src/http/error.ts'
import { segmentsOf, splitTarget } from '../../src/http/target.ts'

const statusOf = (path: string): number => {
  try {
    segmentsOf(path)
    return 200
  } catch (error) {
    return error instanceof HttpError ? error.status : 500
  }
}

t.test('segments are decoded once', async t => {
  t.strictSame(segmentsOf('/'), [])
  t.strictSame(segmentsOf('/simple/'), ['simple'])
  t.strictSame(segmentsOf('/simple/foo'), ['simple', 'foo'])
  t.strictSame(segmentsOf('/simple/%66oo/'), ['simple', 'foo'], 'SA-12')
  t.strictSame(segmentsOf('/a%252fb'), ['a%2fb'])
  t.strictSame(segmentsOf('/x-1.0%2Bcu-1!2~3.whl'), ['x-1.0+cu-1!2~3.whl'], 'SA-73')
  t.strictSame(segmentsOf('/x-1.0+cu.whl'), ['x-1.0+cu.whl'])
  t.strictSame(segmentsOf('/%C3%A9'), ['é'])
  t.strictSame(segmentsOf('/root/pypi/+simple/foo/'), ['root', 'pypi', '+simple', 'foo'])
})

t.test('any number of paths takes no more memory than some', async t => {
  for (let n = 0; n < 2500; n++)
    t.strictSame(segmentsOf(`/simple/p${n % 1250}/`), ['simple', `p${n % 1250}`])
})

t.test('a path that cannot be ours is 404 (rule R11, faults C32, C33, X01)', async t => {
  for (const path of [
    '//',
    '//evil/',
    '/a//b',
    '/a//',
    '/.',
    '/..',
    '/../etc',
    '/a/../b',
    '/%2e%2e/x',
    '/a/%2E/',
    '/a%2fb',
    '/a%2Fb',
    '/a%5cb',
    `/${'a'.repeat(256)}`,
    `/simple/${'%61'.repeat(300)}/`,
  ])
    t.equal(statusOf(path), 404, path)
})

t.test('a path that is no URL is 400 (faults C23, X13)', async t => {
  for (const path of [
    '/%',
    '/%zz',
    '/%00',
    '/a%00b',
    '/%0d%0aX: y',
    '/%7f',
    '/%ff',
    '/%c0%ae',
    '/\u00e9',
    '/a\tb',
    '/a b',
    '*',
    'x',
    '',
  ])
    t.equal(statusOf(path), 400, path)
})

t.test('of a target only path and query count (fault C19)', async t => {
  t.strictSame(splitTarget('/a?b?c'), { path: '/a', query: 'b?c' })
  t.strictSame(splitTarget('/a'), { path: '/a', query: '' })
  t.strictSame(splitTarget('http://evil.example/simple/x/?y'), { path: '/simple/x/', query: 'y' })
  t.strictSame(splitTarget('http://evil.example'), { path: '/', query: '' })
  t.strictSame(splitTarget('http://evil.example?/x'), { path: '/', query: '/x' })
  t.strictSame(splitTarget('evil:80'), { path: '/', query: '' })
  t.strictSame(splitTarget('*'), { path: '*', query: '' })
})
