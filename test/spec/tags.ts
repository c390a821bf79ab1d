import t from 'tap'
import { readTarget } from '../../src/spec/environment.ts'
import { supportedTags, wheelTags } from '../../src/spec/tags.ts'

const tags = (python: string, platform: string) => supportedTags(readTarget(python, platform)) ?? []

t.test('the tags of Linux, in the order of pip', async t => {
  const all = tags('3.12', 'manylinux_2_28_x86_64')
  t.strictSame(all.slice(0, 2), [
    'cp312-cp312-manylinux_2_28_x86_64',
    'cp312-cp312-manylinux_2_27_x86_64',
  ])
  const own = all.filter(tag => tag.startsWith('cp312-cp312-'))
  t.strictSame(own.slice(11, 13), [
    'cp312-cp312-manylinux_2_17_x86_64',
    'cp312-cp312-manylinux2014_x86_64',
  ])
  t.strictSame(own.slice(-3), [
    'cp312-cp312-manylinux_2_5_x86_64',
    'cp312-cp312-manylinux1_x86_64',
    'cp312-cp312-linux_x86_64',
  ])
  const order = [
    'cp312-cp312-linux_x86_64',
    'cp312-abi3-linux_x86_64',
    'cp312-none-linux_x86_64',
    'cp311-abi3-linux_x86_64',
    'cp32-abi3-linux_x86_64',
    'py312-none-linux_x86_64',
    'py3-none-linux_x86_64',
    'py311-none-linux_x86_64',
    'py30-none-linux_x86_64',
    'cp312-none-any',
    'py312-none-any',
    'py3-none-any',
    'py311-none-any',
    'py30-none-any',
  ].map(tag => all.indexOf(tag))
  t.notOk(order.includes(-1), 'all are there')
  t.strictSame(
    order,
    order.toSorted((a, b) => a - b),
  )
  t.equal(all.at(-1), 'py30-none-any')
  t.equal(new Set(all).size, all.length, 'each once')
})

t.test('the tags of other machines', async t => {
  t.equal(tags('3.12', 'linux-aarch64').filter(tag => tag.endsWith('2_16_aarch64')).length, 0)
  t.strictSame(
    tags('3.12', 'musllinux-x86_64').filter(tag => tag.startsWith('cp312-cp312')),
    ['musllinux_1_2', 'musllinux_1_1', 'musllinux_1_0', 'linux'].map(
      family => `cp312-cp312-${family}_x86_64`,
    ),
  )
  const arm = tags('3.12', 'macosx_12_0_arm64').filter(tag => tag.startsWith('cp312-cp312'))
  t.strictSame(
    arm.slice(0, 5).map(tag => tag.slice('cp312-cp312-'.length)),
    [
      'macosx_12_0_arm64',
      'macosx_12_0_universal2',
      'macosx_11_0_arm64',
      'macosx_11_0_universal2',
      'macosx_10_16_universal2',
    ],
  )
  const intel = tags('3.12', 'macosx_10_15_x86_64')
  t.equal(intel[0], 'cp312-cp312-macosx_10_15_x86_64')
  t.ok(intel.includes('py3-none-macosx_10_9_universal2'))
  t.notOk(intel.some(tag => tag.includes('macosx_11')))
  t.equal(tags('3.12', 'win-amd64')[0], 'cp312-cp312-win_amd64')
  t.equal(tags('3.12', 'win32')[0], 'cp312-cp312-win32')
  t.equal(tags('3.14t', 'win-amd64')[0], 'cp314-cp314t-win_amd64')
  t.notOk(
    tags('3.14t', 'win-amd64').some(tag => tag.includes('abi3-')),
    'PEP 803',
  )
  t.equal(tags('3.7', 'win-amd64')[0], 'cp37-cp37m-win_amd64')
})

t.test('no list holds all tags there are', async t => {
  t.equal(supportedTags(readTarget('any', 'win32')), undefined)
  t.equal(supportedTags(readTarget('3.12', 'any')), undefined)
})

t.test('the tags in the name of a wheel', async t => {
  t.strictSame(wheelTags('a_b-1.0-1x-py2.py3-none-manylinux1_x86_64.manylinux_2_5_x86_64.whl'), {
    pythons: ['py2', 'py3'],
    abis: ['none'],
    platforms: ['manylinux1_x86_64', 'manylinux_2_5_x86_64'],
    build: [1, 'x'],
  })
  t.equal(wheelTags('a-1.0-py3-none-any.whl')?.build, undefined)
  t.strictSame(wheelTags('a-1.0-CP312-Cp312-Win_AMD64.whl')?.platforms, ['win_amd64'])
  for (const name of ['a-1.0.tar.gz', 'a-1.0.whl', 'a-1.0-py3-none.whl', 'a-1-2-3-4-5-6.whl'])
    t.equal(wheelTags(name), undefined, name)
})
