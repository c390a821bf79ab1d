import t from 'tap'
import { readTarget } from '../../src/spec/environment.ts'
import { WheelChoice } from '../../src/spec/wheel-choice.ts'

const chooser = (python: string, platform: string) => new WheelChoice(readTarget(python, platform))
const wheel = (tags: string) => `a-1.0-${tags}.whl`

t.test('ranks are places in the order of pip', async t => {
  const choice = chooser('3.12', 'manylinux_2_28_x86_64')
  const ordered = [
    'cp312-cp312-manylinux_2_28_x86_64',
    'cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64',
    'cp312-cp312-manylinux2014_x86_64',
    'cp312-abi3-manylinux2014_x86_64',
    'cp38-abi3-manylinux2014_x86_64',
    'py3-none-manylinux2014_x86_64',
    'py3-none-any',
    'py30-none-any',
  ].map(tags => choice.rank(wheel(tags)))
  t.equal(ordered[0], 0)
  t.notOk(ordered.includes(undefined))
  t.strictSame(
    ordered,
    ordered.toSorted((a, b) => (a ?? 0) - (b ?? 0)),
  )
  for (const tags of [
    'cp312-cp312-manylinux_2_31_x86_64',
    'cp312-cp312-manylinux2014_aarch64',
    'cp312-cp312-musllinux_1_2_x86_64',
    'cp313-cp313-manylinux2014_x86_64',
    'cp312-cp312t-manylinux2014_x86_64',
    'cp313-abi3-manylinux2014_x86_64',
    'py2-none-any',
    'cp312-cp312-win_amd64',
  ])
    t.equal(choice.rank(wheel(tags)), undefined, tags)
  t.equal(choice.rank('a-1.0.tar.gz'), undefined)
})

t.test('one wheel where all machines choose alike', async t => {
  const choice = chooser('3.12', 'linux-x86_64')
  const best = wheel('cp312-cp312-manylinux2014_x86_64')
  t.strictSame(
    choice.choose([wheel('py3-none-any'), best, wheel('cp38-abi3-manylinux2014_x86_64')]),
    { wheels: [best], everywhere: true },
  )
  t.strictSame(choice.choose([wheel('py3-none-any')]).wheels, [wheel('py3-none-any')])
  t.strictSame(choice.choose([wheel('cp311-cp311-manylinux2014_x86_64'), 'a-1.0.tar.gz']), {
    wheels: [],
    everywhere: false,
  })
})

t.test('several where machines of a target differ', async t => {
  const newer = wheel('cp312-cp312-manylinux_2_34_x86_64')
  const older = wheel('cp312-cp312-manylinux_2_17_x86_64')
  const choice = chooser('3.12', 'linux-x86_64')
  t.strictSame(choice.choose([older, newer]), { wheels: [newer, older], everywhere: true })
  t.strictSame(choice.choose([newer]), { wheels: [newer], everywhere: false }, 'others need source')
  t.strictSame(
    chooser('3.12', 'manylinux_2_36_x86_64').choose([older, newer]),
    { wheels: [newer], everywhere: true },
    'a named version is one machine',
  )
  t.strictSame(chooser('3.12', 'manylinux_2_28_x86_64').choose([older, newer]).wheels, [older])
  const [accelerated, plain] = [14, 11].map(major => wheel(`cp312-cp312-macosx_${major}_0_arm64`))
  t.strictSame(chooser('3.12', 'macosx-arm64').choose([`${plain}`, `${accelerated}`]).wheels, [
    accelerated,
    plain,
  ])
})

t.test('a higher build number wins', async t => {
  const choice = chooser('3.12', 'win-amd64')
  const builds = ['2', '10', '1', '10a'].map(build => `a-1.0-${build}-py3-none-any.whl`)
  t.strictSame(choice.choose([wheel('py3-none-any'), ...builds]).wheels, [
    'a-1.0-10a-py3-none-any.whl',
  ])
})

t.test('everything that fits where a target leaves something open', async t => {
  const windows = wheel('cp312-cp312-win_amd64')
  const linux = wheel('cp312-cp312-manylinux2014_x86_64')
  const other = wheel('cp311-cp311-win_amd64')
  const pure = wheel('py3-none-any')
  const all = [windows, linux, other, pure]
  t.strictSame(chooser('3.12', 'any').choose(all).wheels, [windows, linux, pure])
  t.strictSame(chooser('any', 'win-amd64').choose(all).wheels, [windows, other, pure])
  t.strictSame(chooser('any', 'any').choose(all).wheels, all)
  t.equal(chooser('any', 'any').rank(pure), 0)
  t.equal(chooser('3.12', 'any').choose([other]).everywhere, false)
})
