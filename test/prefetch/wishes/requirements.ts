import t from 'tap'
import { readWishes } from '../../../src/prefetch/wishes/read-wishes.ts'
import { environmentOf, readTarget } from '../../../src/spec/environment.ts'

const name = 'requirements.txt'
const hex = 'a1'.repeat(32)
const read = (text: string) => readWishes(text, { name })
const linux = environmentOf(readTarget('3.12', 'linux-x86_64'))

t.test('what lines ask for', async t => {
  const { wishes, unparseable, closed, requiresHashes } = await read(
    [
      'Flask_Login==0.6.3',
      '  requests[socks,Use_Chardet] >=2.8.1, ==2.8.* ; python_version < "2.7"  # why',
      'urllib3',
      'zope.interface===5.0',
      'numpy==1.*',
      "pywin32 ; sys_platform == 'win32'",
    ].join('\r\n'),
  )
  t.strictSame(unparseable, [])
  t.strictSame([closed, requiresHashes], [false, false])
  t.strictSame(
    wishes.map(({ name, extras, specifier, place, required }) => [
      name,
      extras.join(','),
      specifier,
      place,
      required,
    ]),
    [
      ['flask-login', '', '==0.6.3', 'requirements.txt:1', true],
      ['requests', 'socks,use-chardet', '>=2.8.1,==2.8.*', 'requirements.txt:2', true],
      ['urllib3', '', '', 'requirements.txt:3', true],
      ['zope-interface', '', '===5.0', 'requirements.txt:4', true],
      ['numpy', '', '==1.*', 'requirements.txt:5', true],
      ['pywin32', '', '', 'requirements.txt:6', true],
    ],
  )
  t.strictSame(
    wishes.map(wish => wish.appliesTo(linux)),
    [true, false, true, true, true, false],
  )
  t.equal(
    wishes[1]?.line,
    'requests[socks,Use_Chardet] >=2.8.1, ==2.8.* ; python_version < "2.7"  # why',
    'as written, stripped',
  )
})

t.test('what pip freeze writes, and what is not to be had (C17, C18)', async t => {
  const { wishes, unparseable } = await read(
    [
      '# Editable install with no version control (mine==1.0)',
      '-e /home/me/mine',
      '',
      '-e git+https://example.com/x@abc#egg=x',
      'local @ file:///tmp/local-1.0.tar.gz',
      'git+https://example.com/y.git',
      'https://example.com/z-1.0-py3-none-any.whl',
      './dist/w-1.0.tar.gz',
      'w-1.0-py3-none-any.whl',
      'C:\\wheels\\w.whl',
      'six==1.16.0',
      'foo=1.0',
      '   ',
      'what is this',
    ].join('\n') + '\n',
  )
  t.strictSame(
    wishes.map(({ line }) => line),
    ['six==1.16.0'],
  )
  t.strictSame(
    unparseable.map(({ line, reason = '' }) => [line, reason.split(':')[0]]),
    [
      ['# Editable install with no version control (mine==1.0)', ''],
      ['-e /home/me/mine', 'an editable install, which is in no index'],
      ['', ''],
      ['-e git+https://example.com/x@abc#egg=x', 'an editable install, which is in no index'],
      ['local @ file:///tmp/local-1.0.tar.gz', 'a direct reference'],
      ['git+https://example.com/y.git', 'a URL'],
      ['https://example.com/z-1.0-py3-none-any.whl', 'a URL'],
      ['./dist/w-1.0.tar.gz', 'a local path'],
      ['w-1.0-py3-none-any.whl', 'a local path'],
      ['C:\\wheels\\w.whl', 'a URL'],
      ['foo=1.0', 'expected a version specifier, `;` or the end at column 4'],
      ['', ''],
      ['what is this', 'expected a version specifier, `;` or the end at column 6'],
    ],
  )
})

t.test('hashes and lines that continue', async t => {
  const { wishes, unparseable, closed, requiresHashes } = await read(
    [
      'a==1.0 \\',
      `    --hash=sha256:${hex} \\`,
      `    --hash sha256:${hex.toUpperCase()}`,
      '    # via b',
      'b==2 \\',
      '# a comment ends it',
      `c==3 --hash=sha256:short`,
      `d==4 --hash=md5:${'a'.repeat(32)} --config-settings x=y`,
      'e==5\\',
    ].join('\n'),
  )
  t.strictSame(
    wishes.map(({ line, hashes }) => [line, hashes]),
    [
      [
        `a==1.0 --hash=sha256:${hex} --hash sha256:${hex.toUpperCase()}`,
        [`sha256:${hex}`, `sha256:${hex}`],
      ],
      ['b==2 # a comment ends it', []],
      ['e==5', []],
    ],
  )
  t.strictSame(
    wishes.map(({ place }) => place),
    ['requirements.txt:1', 'requirements.txt:5', 'requirements.txt:9'],
  )
  t.match(unparseable, [
    { line: '# via b' },
    {
      line: 'c==3 --hash=sha256:short',
      reason: '--hash=sha256:short is no hash like sha256:0123...',
    },
    { reason: /is no hash like/ },
  ])
  t.strictSame([closed, requiresHashes], [true, true], 'hash-checking mode lists everything')
})

t.test('options', async t => {
  const wishes = await read(
    [
      '--pre',
      '-i https://example.com/simple --trusted-host=example.com',
      '--only-binary numpy,Scipy_X --no-binary=:all:',
      '--only-binary :none:',
      '--prefer-binary',
      '--require-hashes',
      '--frobnicate yes',
      'a',
      '--no-binary',
    ].join('\n'),
  )
  t.strictSame(
    wishes.unparseable.map(({ reason }) => reason),
    [
      undefined,
      '--index-url is ignored: files come from the upstream of this cache; ' +
        '--trusted-host is ignored: files come from the upstream of this cache',
      undefined,
      undefined,
      undefined,
      undefined,
      '--frobnicate is no option that pip has in such a file',
      undefined,
    ],
  )
  t.strictSame(
    [wishes.prereleases, wishes.requiresHashes, [...wishes.noBinary], [...wishes.onlyBinary]],
    [true, true, [':all:'], []],
  )
  const chosen = await read('--only-binary numpy,Scipy_X')
  t.strictSame([...chosen.onlyBinary], ['numpy', 'scipy-x'])
})

t.test('files that name each other, each read once', async t => {
  const files = new Map([
    ['reqs/base.txt', '-r ../dev.txt\n-r base.txt\nb\n-c limits.txt'],
    ['reqs/limits.txt', 'c<2\n-r more.txt'],
    ['reqs/more.txt', 'd'],
    ['dev.txt', 'never read again'],
  ])
  const asked: string[] = []
  const readFile = async (path: string) => {
    asked.push(path)
    return files.get(path) ?? Promise.reject(new Error('no such file'))
  }
  const text = 'a\n-r reqs/base.txt\n--requirement=reqs/base.txt\n'
  const { wishes, constraints, unparseable } = await readWishes(text, { name: 'dev.txt', readFile })
  t.strictSame(
    wishes.map(({ place, name }) => [place, name]),
    [
      ['dev.txt:1', 'a'],
      ['reqs/base.txt:3', 'b'],
      ['reqs/more.txt:1', 'd'],
    ],
  )
  t.match(constraints, [{ name: 'c', specifier: '<2', place: 'reqs/limits.txt:1' }])
  t.ok(unparseable.every(({ reason }) => reason === undefined))
  t.ok(asked.includes('reqs/limits.txt'))
  await t.rejects(readWishes('a\n-r gone.txt', { name: 'dev.txt', readFile }), {
    message: 'dev.txt:2: gone.txt cannot be read: no such file',
    status: 400,
  })
})

t.test('a chain of files has an end', async t => {
  let next = 0
  const readFile = async () => `-r file${next++}.txt`
  await t.rejects(readWishes('-r first.txt', { name, readFile }), {
    message: /more than 100 files/,
    status: 400,
  })
  t.match((await read(`a==1 ${'x'.repeat(100_000)}`)).unparseable, [
    { reason: 'a line of more than 100000 characters' },
  ])
  await t.rejects(read('\n'.repeat(50_001)), { message: /more than 50000 lines/ })
})

t.test('what a client sends names no files and no secrets of the server', async t => {
  const variables = { TOKEN: 'secret', NAME: 'six' }
  const { wishes, unparseable } = await read('-r /etc/passwd\n-c limits.txt\n${NAME}==1.0')
  t.strictSame(wishes, [])
  t.match(unparseable, [
    { line: '-r /etc/passwd', reason: /send the file itself/ },
    { line: '-c limits.txt', reason: /send the file itself/ },
    { line: '${NAME}==1.0', reason: /expected the name of a project/ },
  ])
  const local = await readWishes('${NAME}==1.0\n${UNSET}==1', { name, variables })
  t.match(local.wishes, [{ name: 'six', line: '${NAME}==1.0' }])
  t.equal(local.unparseable.length, 1)
})
