import t from 'tap'
import {
  comparePublic,
  compareReleases,
  isPrerelease,
  parseRelease,
  type Release,
} from '../../src/spec/release.ts'

const release = (text: string): Release => {
  const found = parseRelease(text)
  if (found === undefined) throw new Error(`${text} should be a version`)
  return found
}

t.test('versions in the order of PEP 440', async t => {
  const ordered = [
    '1.dev0',
    '1.0.dev456',
    '1.0a1',
    '1.0a2.dev456',
    '1.0a12.dev456',
    '1.0a12',
    '1.0b1.dev456',
    '1.0b2',
    '1.0b2.post345.dev456',
    '1.0b2.post345',
    '1.0rc1.dev456',
    '1.0rc1',
    '1.0',
    '1.0+abc.5',
    '1.0+abc.7',
    '1.0+5',
    '1.0+5.1',
    '1.0.post456.dev34',
    '1.0.post456',
    '1.1.dev1',
    '1.10',
    '1!0.1',
  ].map(release)
  for (const [at, one] of ordered.entries())
    for (const [beside, two] of ordered.entries())
      t.equal(
        Math.sign(compareReleases(one, two)),
        Math.sign(at - beside),
        `${one.text} and ${two.text}`,
      )
})

t.test('one version in several spellings is the same', async t => {
  for (const [one, two] of [
    ['1.0', '1.0.0'],
    ['v1', '1'],
    ['1.0-1', '1.0.post1'],
    ['1.0ALPHA', '1.0a0'],
    ['1.0+Ubuntu-1', '1.0+ubuntu.1'],
    ['0!1', '1'],
  ] as const)
    t.equal(compareReleases(release(one), release(two)), 0, `${one} and ${two}`)
})

t.test('a local part that looks like a number of another notation is a word', async t => {
  t.equal(release('2+1e5').normal, '2+1e5')
  t.ok(compareReleases(release('2+1e5'), release('2+3')) < 0)
})

t.test('without local parts', async t => {
  t.equal(comparePublic(release('1.0+a'), release('1.0')), 0)
})

t.test('pre-releases', async t => {
  for (const text of ['1.0a1', '1.0rc1', '1.0.dev1', '1.0.post1.dev2'])
    t.equal(isPrerelease(release(text)), true, text)
  for (const text of ['1.0', '1.0.post1', '1.0+dev'])
    t.equal(isPrerelease(release(text)), false, text)
})

t.test('what is no version', async t => {
  for (const text of ['', 'latest', '1.0 ', '1..0', '9'.repeat(300)])
    t.equal(parseRelease(text), undefined, text.slice(0, 10))
})
