import t from 'tap'
import { readWishes } from '../../../src/prefetch/wishes/read-wishes.ts'
import { environmentOf, readTarget } from '../../../src/spec/environment.ts'

const hash = `sha256:${'ab'.repeat(32)}`
const registry = 'source = { registry = "https://pypi.org/simple" }'
const files = (stem: string, tags = 'py3-none-any') => `
sdist = { url = "https://files.example/${stem}.tar.gz", hash = "${hash}", size = 10, upload-time = "2025-01-01T00:00:00Z" }
wheels = [
    { url = "https://files.example/${stem}-${tags}.whl", hash = "${hash}", size = 20 },
]`

const lock = `
version = 1
revision = 3
requires-python = ">=3.11"
resolution-markers = ["python_full_version >= '3.12'", "python_full_version < '3.12'"]

[[package]]
name = "mine"
version = "0.1.0"
source = { editable = "." }
dependencies = [
    { name = "httpx", extra = ["http2"] },
    { name = "numpy", version = "1.26.4", source = { registry = "https://pypi.org/simple" }, marker = "python_full_version < '3.12'" },
    { name = "numpy", version = "2.2.0", source = { registry = "https://pypi.org/simple" }, marker = "python_full_version >= '3.12'" },
    { name = "tool" },
]

[package.optional-dependencies]
win = [{ name = "colorama", marker = "sys_platform == 'win32'" }]

[package.dev-dependencies]
dev = [{ name = "pytest" }]

[package.metadata]
requires-dist = [{ name = "httpx", extras = ["http2"] }]

[[package]]
name = "httpx"
version = "0.28.1"
${registry}
dependencies = [{ name = "idna" }]
${files('httpx-0.28.1')}

[package.optional-dependencies]
http2 = [{ name = "h2" }]
brotli = [{ name = "brotli" }]

[[package]]
name = "idna"
version = "3.10"
${registry}
dependencies = [{ name = "httpx" }]
${files('idna-3.10')}

[[package]]
name = "h2"
version = "4.1.0"
${registry}
${files('h2-4.1.0')}

[[package]]
name = "brotli"
version = "1.1.0"
${registry}
${files('brotli-1.1.0')}

[[package]]
name = "colorama"
version = "0.4.6"
${registry}
${files('colorama-0.4.6', 'py2.py3-none-any')}

[[package]]
name = "pytest"
version = "8.3.4"
${registry}
dependencies = [{ name = "colorama", marker = "sys_platform == 'win32'" }]
${files('pytest-8.3.4')}

[[package]]
name = "numpy"
version = "1.26.4"
${registry}
resolution-markers = ["python_full_version < '3.12'"]
${files('numpy-1.26.4', 'cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64')}

[[package]]
name = "numpy"
version = "2.2.0"
source = { registry = "links" }
wheels = [{ path = "numpy-2.2.0-cp312-cp312-manylinux_2_17_x86_64.whl" }]

[[package]]
name = "tool"
version = "1.0"
source = { git = "https://example.com/tool?rev=abc#abcdef" }
`

t.test('uv.lock', async t => {
  const { wishes, unparseable, closed } = await readWishes(lock, { name: 'uv.lock' })
  t.equal(closed, true)
  t.match(wishes[0], {
    line: 'httpx==0.28.1',
    specifier: '==0.28.1',
    required: true,
    files: [
      { filename: 'httpx-0.28.1-py3-none-any.whl', hashes: [hash], size: 20 },
      { filename: 'httpx-0.28.1.tar.gz', hashes: [hash], size: 10 },
    ],
  })
  t.strictSame(wishes.find(({ specifier }) => specifier === '==2.2.0')?.files, [
    { filename: 'numpy-2.2.0-cp312-cp312-manylinux_2_17_x86_64.whl', hashes: [] },
  ])
  t.strictSame(unparseable, [
    {
      line: 'mine==0.1.0',
      place: 'uv.lock',
      reason: 'is on the machine of the lock only (editable): it is in no index',
    },
    {
      line: 'tool==1.0',
      place: 'uv.lock',
      reason: 'comes from git: only files of an index can be fetched',
    },
  ])
})

t.test('a machine needs what its project leads to, with all extras and groups', async t => {
  const { wishes, refuses } = await readWishes(lock, { name: 'uv.lock' })
  const needed = (python: string, platform: string) => {
    const environment = environmentOf(readTarget(python, platform))
    return wishes.filter(wish => wish.appliesTo(environment)).map(({ line }) => line)
  }
  const always = ['httpx==0.28.1', 'idna==3.10', 'h2==4.1.0']
  t.strictSame(needed('3.12', 'linux-x86_64'), [...always, 'pytest==8.3.4', 'numpy==2.2.0'])
  t.strictSame(needed('3.11', 'win-amd64'), [
    ...always,
    'colorama==0.4.6',
    'pytest==8.3.4',
    'numpy==1.26.4',
  ])
  t.equal(refuses?.(environmentOf(readTarget('3.11', 'any'))), undefined)
  t.equal(refuses?.(environmentOf(readTarget('3.10', 'any'))), 'uv.lock is for Python >=3.11')
})

const entry = (name: string) => `[[package]]\nname = "${name}"\nversion = "1.0"\n${registry}\n`

t.test('the lock of a script, and one that says not what is installed', async t => {
  const script = `version = 1\n[manifest]\nrequirements = [{ name = "a", specifier = ">=1" }]\n`
  const linux = environmentOf(readTarget('3.12', 'linux-x86_64'))
  const needed = async (text: string) =>
    (await readWishes(text, { name: 'x.py.lock' })).wishes.map(({ name, required, appliesTo }) => [
      name,
      required,
      appliesTo(linux),
    ])
  t.strictSame(await needed(`${script}${entry('a')}${entry('b')}`), [
    ['a', true, true],
    ['b', true, false],
  ])
  t.strictSame(await needed(`version = 1\n${entry('a')}`), [['a', false, true]])
})

t.test('broken locks', async t => {
  const refused = (text: string, message: string | RegExp) =>
    t.rejects(readWishes(text, { name: 'uv.lock' }), { message, status: 400 })
  await refused('version = 2\n', 'uv.lock has format version 2, which is not known here')
  await refused('version = ', /^uv\.lock is no TOML: /)
  await refused('', /^uv\.lock is no lock file that is known here/)
  await refused(
    `version = 1\n${'[[package]]\nname = "a"\n'.repeat(20_001)}`,
    'uv.lock has more than 20000 packages: split it',
  )
  await refused(
    `version = 1\n${'[[package]]\nname = "a"\n'.repeat(201)}`,
    'a lock with more than 200 packages called a',
  )
  const odd = `version = 1
    [[package]]
    name = "../x"
    version = "1.0"
    ${registry}
    [[package]]
    name = "a"
    version = "1.0; rm"
    ${registry}
    [[package]]
    name = "b"
    ${registry}
    [[package]]
    name = "c"
    version = "1.0"
    source = { registry = "x" }
    wheels = [{ url = "https://x/c-1.0-py3-none-any.whl", hash = "crc:1" }]
    [[package]]
    name = "d"
    version = "1.0"
    source = { registry = "x" }
    wheels = 7
    sdist = "none"
    [[package]]
    version = 3
    `
  const { wishes, unparseable } = await readWishes(odd, { name: 'uv.lock' })
  t.strictSame(
    wishes.map(({ name, files }) => [name, files]),
    [['d', undefined]],
    'any file of the version',
  )
  t.strictSame(
    unparseable.map(({ reason }) => reason),
    [
      'an entry without the name of a project',
      '1.0; rm is no version',
      'has no version',
      'c-1.0-py3-none-any.whl has an unknown kind of hash',
      'comes from nowhere: only files of an index can be fetched',
    ],
  )
})
