import t from 'tap'
import { isSameVersion } from '../../src/spec/same-version.ts'

t.test('spellings of one version (FN-51, FN-53)', async t => {
  for (const [one, two] of [
    ['1.0', '1.0'],
    ['1', '1.0.0'],
    ['1.0.post1', '1.post1'],
    ['1.0-1', '1.0.post1'],
    ['1.0_post1', '1.0-POST1'],
    ['1.0-beta.2', '1.0b2'],
    ['1.0+ABC-1', '1.0+abc_1'],
    ['0!1.0', '1'],
    ['1!1.0', '1!1'],
    ['2012.01.01', '2012.1.1'],
    ['1.0_1', '1.0-1'],
    ['0', '0.0.0'],
  ] as const)
    t.ok(isSameVersion(one, two), `${one} is ${two}`)
})

t.test('other versions, and what is none', async t => {
  for (const [one, two] of [
    ['1.0', '1.1'],
    ['1.0', '10'],
    ['1.0', '1.0a0'],
    ['1.0', '1.0+local'],
    ['1!1.0', '1.0'],
    ['1.10', '1.1'],
    ['latest', 'LATEST'],
    ['', '0'],
  ] as const)
    t.notOk(isSameVersion(one, two), `${one} is not ${two}`)
  t.ok(isSameVersion('2004d', '2004d'))
})
