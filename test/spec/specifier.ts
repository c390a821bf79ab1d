import t from 'tap'
import { parseRelease, type Release } from '../../src/spec/release.ts'
import {
  asksForPrereleases,
  fits,
  parseSpecifiers,
  selectFitting,
  type Specifiers,
} from '../../src/spec/specifier.ts'

const release = (text: string) => parseRelease(text) as Release
const specifiers = (text: string) => parseSpecifiers(text) as Specifiers

t.test('which versions meet a specifier (PEP 440)', async t => {
  const cases: [string, string, string][] = [
    ['', '1.0 1.0a1 5!1', ''],
    ['==1.0', '1.0 1 1.0.0 1.0+local', '1.0.post1 1.0a1 1.1'],
    ['==1.0+local', '1.0+local', '1.0 1.0+other'],
    ['==1.1.*', '1.1 1.1.5 1.1a1 1.1.post2', '1.10 1 2.1.1 1!1.1'],
    ['==1.0.*', '1 1.0.7', '1.1'],
    ['!=1.1.*', '1.0 1.2', '1.1.3 1.1'],
    ['!=1.0', '1.1', '1.0 1.0+x'],
    ['~=2.2', '2.2 2.9.1 2.2.post3', '3.0 2.1 2.2a1'],
    ['~=2.2.post3', '2.2.post3 2.3', '2.2 3.0'],
    ['~=1.4.5.0', '1.4.5 1.4.5.9', '1.4.6'],
    ['>=1.0', '1.0 1.0+x 1.0.post1 2', '1.0rc1'],
    ['<=1.0', '1.0 1.0+x 1.0a1', '1.0.post1'],
    ['>1.7', '1.7.1 1.8', '1.7 1.7.post1 1.7+x'],
    ['>1.7.post2', '1.7.post3 1.8', '1.7.post2 1.7.0'],
    ['>1.0a1', '1.0 1.0a2', '1.0a1'],
    ['<1.7', '1.6 1.6a1', '1.7 1.7rc1 1.7.dev0'],
    ['<1.7rc2', '1.7rc1', '1.7rc2 1.7'],
    ['<1.0.post1', '1.0', '1.0.post1 1.0.post1.dev0'],
    ['===1.0.0', '1.0.0', '1.0'],
    ['>= 1.0 , < 2 ,', '1.5', '2 0.9'],
    ['>v1', '2', '1'],
  ]
  for (const [text, inside, outside] of cases) {
    const known = specifiers(text)
    for (const version of inside.split(' ').filter(Boolean))
      t.ok(fits(known, release(version)), `${version} meets "${text}"`)
    for (const version of outside.split(' ').filter(Boolean))
      t.notOk(fits(known, release(version)), `${version} does not meet "${text}"`)
  }
})

t.test('what is no specifier', async t => {
  for (const text of [
    '1.0',
    '=1.0',
    '>=',
    '>=1.0.*',
    '==1.0a1.*',
    '==1.*.1',
    '~=1',
    '>=1.0+local',
    '>=latest',
    '>=1.0 <2',
    '===',
    '=== a b',
    '==1.0+x.*',
  ])
    t.equal(parseSpecifiers(text), undefined, text)
})

const choose = (text: string, versions: string, prereleases?: boolean) =>
  selectFitting(specifiers(text), versions.split(' '), release, prereleases).join(' ')

t.test('pre-releases are chosen as pip chooses them', async t => {
  t.equal(choose('', '1.0 2.0a1'), '1.0')
  t.equal(choose('', '2.0a1 2.0.dev1'), '2.0a1 2.0.dev1', 'nothing else')
  t.equal(choose('>=1.5', '1.0 2.0a1'), '2.0a1', 'nothing else that fits')
  t.equal(choose('>=1.0a1', '1.0 2.0a1'), '1.0 2.0a1', 'asked for')
  t.equal(choose('!=1.0a1', '1.0 2.0a1'), '1.0', 'not asked for by `!=`')
  t.equal(choose('', '1.0 2.0a1', true), '1.0 2.0a1', 'asked for by the caller')
  t.equal(choose('>3', '1.0 2.0a1'), '')
})

t.test('asking for pre-releases', async t => {
  for (const text of ['==1.0a1', '>=1.dev0', '<2rc1', '===1.0b1', '>1,<2a1'])
    t.equal(asksForPrereleases(specifiers(text)), true, text)
  for (const text of ['', '!=1.0a1', '==1.*', '===whatever', '>=1.0.post1'])
    t.equal(asksForPrereleases(specifiers(text)), false, text)
})
