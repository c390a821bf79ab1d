import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './processes.js'

/** What is installed: with what they depend on, some forty well-known distributions. */
export const wanted = [
  'requests',
  'flask',
  'django',
  'httpx',
  'rich',
  'sqlalchemy',
  'pytest',
  'pyyaml',
  'aiohttp',
]

/** What is prefetched: more of them, of which some sixty distributions come. */
export const closure = [
  ...wanted,
  'fastapi',
  'uvicorn',
  'boto3',
  'black',
  'mypy',
  'cryptography',
  'tqdm',
]

/** An environment in which pip obeys its command line alone. */
export const plainEnvironment = () => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^pip_|_proxy$/i.test(key))),
  PIP_CONFIG_FILE: '/dev/null',
  PIP_DISABLE_PIP_VERSION_CHECK: '1',
  PIP_NO_INPUT: '1',
})

/** The interpreter whose pip is measured, as an absolute path; undefined when there is none. */
export const findPython = async () => {
  try {
    await run('python3', ['-m', 'pip', '--version'])
    const { stdout } = await run('python3', ['-c', 'import sys; print(sys.executable)'])
    return stdout.trim()
  } catch {
    return undefined
  }
}

const isLocal = place => place.startsWith('file:') || existsSync(place)

/** The indexes on this machine's own disk that its pip is configured with. */
const localPlaces = async python => {
  const { stdout } = await run(python, ['-m', 'pip', 'config', 'list'])
  const places = { indexes: [], links: [] }
  for (const line of stdout.split('\n')) {
    const [, key, value] = /\.(index-url|extra-index-url|find-links)='(.*)'$/.exec(line) ?? []
    if (key === undefined) continue
    const found = value.split(/\s+|\\n/).filter(isLocal)
    places[key === 'find-links' ? 'links' : 'indexes'].push(...found)
  }
  return { indexes: [...new Set(places.indexes)], links: [...new Set(places.links)] }
}

const describe = `
import glob, json, sys, zipfile, email.parser
out = {}
for path in sorted(glob.glob(sys.argv[1] + '/*.whl')):
    with zipfile.ZipFile(path) as z:
        name = next(n for n in z.namelist() if n.count('/') == 1 and n.endswith('.dist-info/METADATA'))
        text = z.read(name).decode()
    head = email.parser.HeaderParser().parsestr(text)
    out[path.rpartition('/')[2]] = dict(metadata=text, python=head['Requires-Python'])
json.dump(out, sys.stdout)
`

/**
 * Real wheels for some distributions and all they depend on, from the local indexes that pip is
 * configured with, as `{ filename, body, metadata, requiresPython }`; undefined when pip knows none
 * or they lack something.
 */
export const realWheels = async (python, directory, names) => {
  const { indexes, links } = await localPlaces(python)
  if (indexes.length + links.length === 0) return undefined
  const [first, ...others] = indexes
  const from = [
    ...(first === undefined ? ['--no-index'] : ['--index-url', first]),
    ...others.flatMap(url => ['--extra-index-url', url]),
    ...links.flatMap(place => ['--find-links', place]),
  ]
  const options = ['download', '-q', '--no-cache-dir', '--only-binary', ':all:', '-d', directory]
  try {
    await run(python, ['-m', 'pip', ...options, ...from, ...names], { env: plainEnvironment() })
  } catch {
    return undefined
  }
  const facts = await run(python, ['-c', describe, directory], { maxBuffer: 1e8 })
  const described = new Map(Object.entries(JSON.parse(facts.stdout)))
  const filenames = (await readdir(directory)).filter(filename => described.has(filename))
  return Promise.all(
    filenames.map(async filename => ({
      filename,
      body: await readFile(join(directory, filename)),
      metadata: Buffer.from(described.get(filename).metadata),
      requiresPython: described.get(filename).python ?? undefined,
    })),
  )
}
