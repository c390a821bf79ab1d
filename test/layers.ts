import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, normalize, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

/** Each may import from those below it; those of one line know nothing of each other. */
const layers = [
  ['cli.ts'],
  ['commands', 'presets'],
  ['config', 'daemon', 'transfer', 'deploy'],
  ['server.ts'],
  ['routes'],
  ['pages', 'prefetch'],
  ['index'],
  ['upstream', 'archive', 'http', 'accounts', 'journal', 'hooks'],
  ['disk'],
  ['spec'],
]

// Libraries of pure functions, which even the purest room may use.
const pure = new Set(['@renovatebot/pep440'])

const source = fileURLToPath(new URL('../src/', import.meta.url))
const imported = /(?:\bfrom|^import|\bimport\()\s*'([^']+)'/gm

// The first part of a path below `src`: a folder, or a file at the top.
const roomOf = (path: string) => path.split(sep)[0] ?? ''
const layerOf = (room: string) => layers.findIndex(layer => layer.includes(room))

const mayImport = (from: string, to: string): boolean => {
  if (from === to) return true
  // What stands at the top beside the layers is for everybody, and imports nothing from them.
  if (layerOf(to) < 0) return to.endsWith('.ts')
  return layerOf(from) >= 0 && layerOf(from) < layerOf(to)
}

t.test('imports go down the layers only', async t => {
  const paths = await readdir(source, { recursive: true })
  const files = paths.filter(path => path.endsWith('.ts'))
  t.ok(files.length > 50, `${files.length} files`)
  for (const path of files) {
    const text = await readFile(join(source, path), 'utf8')
    const room = roomOf(path)
    if (room !== path) t.ok(layerOf(room) >= 0, `${room} has a layer`)
    for (const [, name = ''] of text.matchAll(imported)) {
      const to = name.startsWith('.') ? normalize(join(dirname(path), name)) : undefined
      if (to !== undefined && !mayImport(room, roomOf(to))) t.fail(`${path} imports ${to}`)
      if (room === 'spec' && to === undefined && !pure.has(name))
        t.fail(`${path} is not pure: it imports ${name}`)
    }
  }
})

t.test('the rule itself', async t => {
  t.ok(mayImport('routes', 'disk'))
  t.ok(mayImport('routes', 'log.ts'))
  t.ok(mayImport('log.ts', 'lines.ts'))
  t.notOk(mayImport('disk', 'routes'))
  t.notOk(mayImport('http', 'upstream'))
  t.notOk(mayImport('index', 'server.ts'))
  t.notOk(mayImport('log.ts', 'disk'))
})
