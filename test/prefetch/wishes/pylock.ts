import t from 'tap'
import { readWishes } from '../../../src/prefetch/wishes/read-wishes.ts'
import { environmentOf, readTarget } from '../../../src/spec/environment.ts'

const one = '11'.repeat(32)
const two = '22'.repeat(32)

const lock = `
lock-version = "1.0"
environments = ["sys_platform == 'win32'", "sys_platform == 'linux'"]
requires-python = ">=3.12"
extras = ["x"]
dependency-groups = ["dev"]
default-groups = ["dev"]
created-by = "mousebender"

[[packages]]
name = "attrs"
version = "25.1.0"
requires-python = ">=3.8"
wheels = [
  {name = "attrs-25.1.0-py3-none-any.whl", upload-time = 2025-01-25T11:30:10.164985+00:00, url = "https://files.example/a/attrs-25.1.0-py3-none-any.whl", size = 63152, hashes = {sha256 = "${one}"}},
]
[[packages.attestation-identities]]
environment = "release-pypi"
kind = "GitHub"

[[packages]]
name = "cattrs"
version = "24.1.2"
marker = "'dev' in dependency_groups or sys_platform == 'win32'"
sdist = {url = "https://files.example/cattrs-24.1.2.tar.gz#x", hashes = {sha256 = "${two}", sha512 = "${two}${two}", blake2b = "00"}}

[[packages]]
name = "pywin32"
version = "308"
marker = "sys_platform == 'win32' and 'x' in extras"
wheels = [{path = "./wheels/pywin32-308-cp312-cp312-win_amd64.whl", hashes = {sha256 = "${one}"}}]

[[packages]]
name = "from-git"
vcs = {type = "git", url = "https://example.com/x", commit-id = "abc"}

[[packages]]
name = "here"
directory = {path = ".", editable = true}

[[packages]]
name = "direct"
archive = {url = "https://example.com/direct-1.0.zip", hashes = {sha256 = "${one}"}}

[[packages]]
name = "tricky"
version = "1.0"
wheels = [{name = "..%2f..%2fetc-1.0-py3-none-any.whl", hashes = {sha256 = "${one}"}}]
`

t.test('pylock.toml (PEP 751)', async t => {
  const read = await readWishes(lock, { name: 'pylock.dev.toml' })
  t.strictSame([read.closed, read.requiresHashes], [true, false])
  t.match(read.wishes, [
    {
      line: 'attrs==25.1.0',
      place: 'pylock.dev.toml',
      name: 'attrs',
      specifier: '==25.1.0',
      files: [
        {
          filename: 'attrs-25.1.0-py3-none-any.whl',
          hashes: [`sha256:${one}`],
          size: 63152,
          url: 'https://files.example/a/attrs-25.1.0-py3-none-any.whl',
        },
      ],
    },
    {
      name: 'cattrs',
      files: [
        { filename: 'cattrs-24.1.2.tar.gz', hashes: [`sha256:${two}`, `sha512:${two}${two}`] },
      ],
    },
    { name: 'pywin32', files: [{ filename: 'pywin32-308-cp312-cp312-win_amd64.whl' }] },
  ])
  t.equal(read.wishes.length, 3)
  t.strictSame(
    read.unparseable.map(({ line, reason = '' }) => [line, reason.split(':')[0]]),
    [
      ['from-git', 'comes from version control'],
      ['here', 'is a local directory'],
      ['direct', 'is a direct reference'],
      ['tricky==1.0', "..%2f..%2fetc-1.0-py3-none-any.whl is no distribution's name"],
    ],
  )
})

t.test('what a machine needs, with all extras and groups', async t => {
  const { wishes, refuses } = await readWishes(lock, { name: 'pylock.toml' })
  const names = (python: string, platform: string) => {
    const environment = environmentOf(readTarget(python, platform))
    return [
      wishes.filter(wish => wish.appliesTo(environment)).map(({ name }) => name),
      refuses?.(environment),
    ]
  }
  t.strictSame(names('3.12', 'linux-x86_64'), [['attrs', 'cattrs'], undefined])
  t.strictSame(names('3.13', 'win-amd64'), [['attrs', 'cattrs', 'pywin32'], undefined])
  t.match(names('3.11', 'win-amd64')[1], 'pylock.toml is for Python >=3.12')
  t.match(names('3.12', 'macosx-arm64')[1], /not made for such an environment/)
})

t.test('a version of the format that is not known', async t => {
  for (const version of ['2.0', 'one'])
    await t.rejects(readWishes(`lock-version = "${version}"`, { name: 'pylock.toml' }), {
      message: `pylock.toml has format version ${version}, which is not known here`,
      status: 400,
    })
  t.strictSame((await readWishes('lock-version = "1.1"', { name: 'x' })).wishes, [])
  const broken = 'lock-version = "1.0"\nenvironments = ["nonsense"]'
  await t.rejects(readWishes(broken, { name: 'pylock.toml' }), {
    message: /^its marker: expected /,
    status: 400,
  })
})
