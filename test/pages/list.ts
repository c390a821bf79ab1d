import t from 'tap'
import type { Format } from '../../src/http/negotiate.ts'
import { renderList } from '../../src/pages/list.ts'
import type { Name } from '../../src/spec/project-name.ts'

const textOf = async (
  names: Iterable<string>,
  format: Format,
  serial?: number,
): Promise<string> => {
  let text = ''
  for await (const chunk of renderList(names as Iterable<Name>, format, serial)) text += chunk
  return text
}

t.test('all projects as JSON (SA-51)', async t => {
  t.strictSame(JSON.parse(await textOf(['a', 'b-c'], 'json', 7)), {
    meta: { 'api-version': '1.4', '_last-serial': 7 },
    projects: [{ name: 'a' }, { name: 'b-c' }],
  })
  t.strictSame(JSON.parse(await textOf([], 'json')), {
    meta: { 'api-version': '1.4' },
    projects: [],
  })
})

t.test('all projects as HTML (SA-61)', async t => {
  const html = await textOf(['a', 'b-c'], 'html')
  t.match(
    html,
    /^<!DOCTYPE html>\n[^]*<body>\n<a href="a\/">a<\/a><br>\n<a href="b-c\/">b-c<\/a><br>\n<\/body>/,
  )
  t.equal(await textOf(['a', 'b-c'], 'v1html'), html)
  t.notMatch(await textOf([], 'html'), '<a ')
})

const names = async function* () {
  for (let n = 0; n < 800_000; n++) yield `project-${n}` as Name
}

t.test('800,000 names come in pieces (TC-28)', async t => {
  let pieces = 0
  let total = 0
  let largest = 0
  for await (const piece of renderList(names(), 'json')) {
    pieces++
    total += piece.length
    largest = Math.max(largest, piece.length)
  }
  t.ok(largest < 70_000)
  t.ok(pieces > 250)
  t.ok(total > 800_000 * 24)
})
