import t from 'tap'
import { readTarget } from '../../src/spec/environment.ts'
import { place, versionsIn } from './fixture.ts'

t.test('a closure is resolved to the newest versions that fit (need 18)', async t => {
  const { fill, askedFiles } = await place(t, {
    app: { '1.0': { requires: ['leaf-lib<2', 'twig'] }, '0.9': {} },
    'leaf-lib': { '1.0': {}, '1.5': {}, '1.10': {}, '2.0': {} },
    twig: { '3': { requires: ['leaf-lib>=1.1'] } },
    unrelated: { '1': {} },
  })
  const report = await fill('app\n')
  t.same(versionsIn(report), ['app-1.0', 'leaf_lib-1.10', 'twig-3'])
  t.same(report.failures, [])
  t.same(report.lines[0]?.files, ['app-1.0-py3-none-any.whl'], 'the line has its own file')
  const wheels = askedFiles().filter(path => path.endsWith('.whl'))
  t.equal(wheels.length, 3, 'nothing else is downloaded')
})

t.test('extras, and extras of dependencies', async t => {
  const { fill } = await place(t, {
    app: {
      '1.0': {
        requires: ['leaf[fast]; extra == "all"', 'never; extra == "other"'],
        extra: 'Provides-Extra: all\nProvides-Extra: other\n',
      },
    },
    leaf: { '1.0': { requires: ['speed; extra == "fast"'], extra: 'Provides-Extra: fast\n' } },
    speed: { '1.0': {} },
    never: { '1.0': {} },
  })
  t.same(versionsIn(await fill('app[ALL]\n')), ['app-1.0', 'leaf-1.0', 'speed-1.0'])
  t.same(versionsIn(await fill('app\n')), ['app-1.0'], 'only when they are asked for')
})

t.test('a set of extras and the project itself come to one version', async t => {
  const { fill } = await place(t, {
    app: { '1.0': { requires: ['leaf<2'] } },
    leaf: {
      '1.0': { requires: ['old; extra == "x"'] },
      '2.0': { requires: ['new; extra == "x"'] },
    },
    old: { '1': {} },
    new: { '1': {} },
  })
  t.same(versionsIn(await fill('leaf[x]\napp\n')), ['app-1.0', 'leaf-1.0', 'old-1'])
})

t.test('markers are those of the target', async t => {
  const { fill } = await place(t, {
    app: {
      '1.0': {
        requires: [
          'windows; sys_platform == "win32"',
          'tomli; python_version < "3.11"',
          'posix; os_name == "posix"',
        ],
      },
    },
    windows: { '1': {} },
    tomli: { '1': {} },
    posix: { '1': {} },
  })
  t.same(versionsIn(await fill('app\n')), ['app-1.0', 'posix-1'])
  const other = { targets: [readTarget('3.10', 'win-amd64')] }
  t.same(versionsIn(await fill('app\n', other)), ['app-1.0', 'tomli-1', 'windows-1'])
  const skipped = await fill('app; python_version < "3"\n')
  t.match(skipped.lines, [{ files: [], failures: [], skipped: /no target/ }])
})

t.test('what contradicts is decided again, and tried further back', async t => {
  const { fill } = await place(t, {
    app: {
      '1.0': { requires: ['leaf<2'] },
      '2.0': { requires: ['leaf>=2', 'nothing-has-this>=9'] },
      '3.0': { requires: ['leaf>=3'] },
    },
    'nothing-has-this': { '1': {} },
    leaf: { '1.0': {}, '2.0': {}, '3.0': {} },
    other: { '1.0': { requires: ['leaf<3'] } },
  })
  t.same(versionsIn(await fill('app\nother\n')), ['app-1.0', 'leaf-1.0', 'other-1.0'])
})

t.test('constraints limit versions and ask for nothing', async t => {
  const { fill } = await place(t, {
    app: { '1.0': { requires: ['leaf'] } },
    leaf: { '1.0': {}, '2.0': {} },
    unasked: { '1.0': {} },
  })
  const files = { 'limits.txt': 'leaf<2\nunasked==1.0\n' }
  t.same(versionsIn(await fill('app\n-c limits.txt\n', { files })), ['app-1.0', 'leaf-1.0'])
  const report = await fill('leaf>=2\n-c limits.txt\n', { files })
  t.match(report.failures, [/leaf>=2 \(requirements.txt:1\), leaf<2 \(limits.txt:1\)/])
})

t.test('requirements that exclude each other are named, and the rest is fetched', async t => {
  const { fill } = await place(t, {
    one: { '1.0': { requires: ['leaf<2'] } },
    two: { '1.0': { requires: ['leaf>=2'] } },
    leaf: { '1.0': {}, '2.0': {} },
    three: { '1.0': {} },
  })
  const report = await fill('one\ntwo\nthree\n')
  t.equal(report.failures.length, 1)
  t.match(report.failures[0], /exclude each other/)
  t.match(report.failures[0], /leaf<2 \(one 1\.0\)/)
  t.match(report.failures[0], /leaf>=2 \(two 1\.0\)/)
  t.same(versionsIn(report), ['three-1.0'])
  t.same(
    report.lines.map(({ failures }) => failures.length),
    [1, 1, 0],
  )
})

t.test('a set of extras in a contradiction is told by who requires it', async t => {
  const { fill } = await place(t, {
    one: { '1.0': { requires: ['leaf[x]>=2'] } },
    two: { '1.0': { requires: ['leaf<2'] } },
    leaf: { '1.0': {}, '2.0': {} },
  })
  const report = await fill('one\ntwo\n')
  t.match(report.failures[0], /exclude each other/)
  t.match(report.failures[0], /leaf\[x\]>=2 \(one 1\.0\)/)
  t.match(report.failures[0], /leaf<2 \(two 1\.0\)/)
})

t.test('pre-releases only by the rule of PEP 440', async t => {
  const { fill } = await place(t, {
    leaf: { '1.0': {}, '2.0rc1': {} },
    early: { '1.0a1': {}, '1.0a2': {} },
    app: { '1.0': { requires: ['leaf>=2.0rc1'] } },
  })
  t.same(versionsIn(await fill('leaf\n')), ['leaf-1.0'])
  t.same(versionsIn(await fill('early\n')), ['early-1.0a2'], 'where there is nothing else')
  t.same(versionsIn(await fill('app\n')), ['app-1.0', 'leaf-2.0rc1'], 'where one is named')
  t.same(versionsIn(await fill('--pre\nleaf\n')), ['leaf-2.0rc1'], 'where they are wanted')
})

t.test('yanked versions only where they are pinned (PEP 592)', async t => {
  const { fill } = await place(t, { leaf: { '1.0': {}, '1.1': { yanked: true } } })
  t.same(versionsIn(await fill('leaf\n')), ['leaf-1.0'])
  t.same(versionsIn(await fill('leaf==1.1\n')), ['leaf-1.1'])
  const report = await fill('leaf>1.0\n')
  t.match(report.failures, [/requirements.txt:1: leaf 1\.1 was withdrawn/])
})

t.test('Requires-Python of the page and of the metadata', async t => {
  const { fill, upstream } = await place(t, {
    leaf: { '1.0': {}, '2.0': { requiresPython: '>=3.13' } },
  })
  t.same(versionsIn(await fill('leaf\n')), ['leaf-1.0'])
  t.match((await fill('leaf>=2\n')).failures, [/leaf 2\.0 needs Python >=3\.13, not 3\.12/])
  t.same(upstream.count('/simple/leaf/'), 1, 'one page for both')
})

t.test('wheels by their tags, then the sdist', async t => {
  const { fill } = await place(t, {
    native: {
      '1.0': { tags: ['cp312-cp312-manylinux_2_17_x86_64', 'cp311-cp311-win_amd64'], sdist: true },
    },
    elsewhere: { '1.0': { tags: ['cp312-cp312-win_amd64'] } },
  })
  const report = await fill('native\n')
  t.same(
    report.files.map(({ filename }) => filename),
    ['native-1.0-cp312-cp312-manylinux_2_17_x86_64.whl'],
  )
  t.match((await fill('elsewhere\n')).failures, [
    /elsewhere 1\.0 has no file for Python 3\.12 on linux-x86_64/,
  ])
  const all = await fill('native\n', { targets: [readTarget('3.12', 'any')] })
  t.same(
    all.files.map(({ filename }) => filename),
    ['native-1.0-cp312-cp312-manylinux_2_17_x86_64.whl', 'native-1.0.tar.gz'],
    'on any platform, everything for that Python',
  )
})

t.test('what is not there, and by whom it is wanted', async t => {
  const { fill } = await place(t, {
    app: { '1.0': { requires: ['no-such'] } },
    leaf: { '1.0': {} },
  })
  const report = await fill('app\nleaf>=9\nmissing\nleaf\n')
  t.match(report.failures.toSorted(), [
    /:1: there is no project no-such: no-such \(app 1\.0\)/,
    /:2: no version of leaf is within >=9, the newest is 1\.0$/,
    /:3: there is no project missing$/,
  ])
  t.same(versionsIn(report), ['leaf-1.0'], 'the rest is here all the same')
})

t.test('several targets share what is asked', async t => {
  const { fill, upstream } = await place(t, {
    app: { '1.0': { requires: ['leaf<2; python_version < "3.12"', 'leaf'] } },
    leaf: { '1.0': {}, '2.0': {} },
  })
  const targets = [readTarget('3.11', 'linux-x86_64'), readTarget('3.12', 'linux-x86_64')]
  t.same(versionsIn(await fill('app\n', { targets })), ['app-1.0', 'leaf-1.0', 'leaf-2.0'])
  t.equal(upstream.count('/simple/leaf/'), 1)
  t.equal(upstream.count(`${upstream.path('app-1.0-py3-none-any.whl')}.metadata`), 1)
})

t.test('an upstream that fails is told, not taken for absence', async t => {
  const { fill, upstream } = await place(t, { app: { '1.0': { requires: ['leaf'] } }, leaf: {} })
  upstream.behave('/simple/leaf/', { status: 500 })
  const report = await fill('app\n')
  t.match(report.failures, [/requirements.txt:1: leaf: .*500/])
})

t.test('it can be given up', async t => {
  const { fill } = await place(t, { app: { '1.0': {} } })
  await t.rejects(fill('app\n', { signal: AbortSignal.abort(new Error('enough')) }), /enough/)
})
