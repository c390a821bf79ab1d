import { execFile } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { makeWheel } from '../fixtures/dist.ts'
import { addUser } from '../fixtures/publishing.ts'
import { bareEnvironment, findPythons, type Python } from '../fixtures/pythons.ts'
import { serve, type Served } from '../fixtures/serve.ts'

const run = promisify(execFile)
const pythons = await findPythons()

t.setTimeout(600_000)

if (pythons.length === 0)
  t.comment('SKIPPED: no Python with pip on this machine, no real pip was tried')

const wheel = makeWheel({ name: 'acme-private', version: '1.0' })

interface Place {
  readonly served: Served
  readonly home: string
  readonly target: string
}

/** A server that answers nobody but its user `reader`, whose password is the name. */
const setUp = async (t: Test): Promise<Place> => {
  const home = directoryOf(t)
  const served = await serve(t, { directory: join(home, 'cache'), read: 'users' })
  await mkdir(served.directory, { recursive: true })
  await writeFile(join(served.directory, wheel.filename), wheel.bytes)
  await addUser(served.directory, 'reader', [])
  return { served, home, target: join(home, 'target') }
}

const install = (python: Python, { home, target }: Place, index: string, env = {}) => {
  const args = ['install', '-q', '--no-cache-dir', '--no-input', '--target', target, '-i', index]
  return run(python.executable, [...python.run, ...args, 'acme-private'], {
    env: { ...bareEnvironment(home), ...env },
  })
}

const indexOf = ({ served }: Place, userinfo: string): string =>
  `${served.url.replace('://', `://${userinfo}`)}simple/`

const first = pythons.at(0)
const last = pythons.at(-1)

for (const python of new Set([first, last]))
  if (python !== undefined)
    t.test(
      `pip ${python.pip} of Python ${python.version} where only users may read (need 17)`,
      async t => {
        const place = await setUp(t)
        await t.rejects(install(python, place, indexOf(place, '')), 'nobody in particular')
        await t.rejects(install(python, place, indexOf(place, 'reader:wrong@')))
        await t.resolves(install(python, place, indexOf(place, 'reader:reader@')), 'in the URL')
      },
    )

for (const python of new Set([first, last]))
  if (python !== undefined)
    t.test(`pip ${python.pip} finds credentials in ~/.netrc`, async t => {
      const place = await setUp(t)
      const netrc = join(place.home, '.netrc')
      await writeFile(netrc, 'machine 127.0.0.1 login reader password reader\n')
      await chmod(netrc, 0o600)
      await t.resolves(install(python, place, indexOf(place, '')))
    })

const hasKeyring = ({ pip }: Python): boolean => Number(pip.split('.')[0]) >= 24
const modern = pythons.findLast(hasKeyring)
if (modern === undefined)
  t.comment('SKIPPED: no pip that asks a keyring program, that was not tried')
else
  t.test(`pip ${modern.pip} asks a keyring when it is challenged (CL-60)`, async t => {
    const place = await setUp(t)
    const bin = join(place.home, 'bin')
    await mkdir(bin)
    const keyring = join(bin, 'keyring')
    await writeFile(keyring, '#!/bin/sh\n[ "$1" = get ] && [ "$3" = reader ] && echo reader\n')
    await chmod(keyring, 0o755)
    const path = `${bin}${delimiter}${process.env['PATH'] ?? ''}`
    const env = { PATH: path, PIP_KEYRING_PROVIDER: 'subprocess' }
    await t.resolves(install(modern, place, indexOf(place, 'reader@'), env))
  })
