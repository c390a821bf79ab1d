import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readDump } from '../../../src/transfer/devpi/dump.ts'
import { readDumpedFile } from '../../../src/transfer/devpi/dumped-file.ts'
import { openDump } from '../../../src/transfer/devpi/import-devpi.ts'
import { stage } from './fixtures/dump.ts'

const dump = (more: Record<string, unknown>) => ({
  dumpversion: '2',
  users: { root: {} },
  indexes: {},
  ...more,
})

t.test('what is no export says so', async t => {
  const directory = t.testdir()
  await t.rejects(openDump(directory), /is no export of devpi-server: it has no dataindex\.json/)
  await t.rejects(openDump(join(directory, 'missing')), /is no export of devpi-server/)
  for (const text of ['', '[]', '{"a":']) {
    writeFileSync(join(directory, 'dataindex.json'), text)
    await t.rejects(openDump(directory), /is damaged: it holds no JSON object/)
  }
  writeFileSync(join(directory, 'dataindex.json'), '{"dumpversion": "3"}')
  await t.rejects(openDump(directory), {
    message: 'it has dumpversion "3"; 1 and 2 are understood',
  })
})

t.test('names and settings that cannot be are told all at once, before anything is done', t => {
  const wrong = dump({
    users: {
      'root~foo.com': {},
      Simple: {},
      alice: {},
      Alice: {},
      big: { custom_data: 'x'.repeat(300_000) },
    },
    indexes: {
      'root/pypi!Jo': { indexconfig: stage() },
      'a/b/c': {},
      'alice/custom': { indexconfig: { type: 'constrained' } },
      'alice/bad': { indexconfig: stage({ bases: ['../x'] }) },
    },
  })
  t.throws(
    () => readDump(wrong),
    /^change dataindex\.json: .*root~foo\.com.*Simple.*big.*case only/s,
  )
  t.throws(() => readDump(wrong), /root\/pypi!Jo.*a\/b\/c.*constrained.*index alice\/bad/s)
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`~${at}`, {}]))
  t.throws(() => readDump(dump({ users: many })), /; and 20 more$/)
  t.end()
})

const index = (...bases: string[]) => ({ indexconfig: stage({ bases }) })

t.test('whoever is inherited comes before its heirs, in circles too', t => {
  const { indexes } = readDump(
    dump({
      indexes: {
        'root/a': index('root/b', 'root/gone'),
        'root/b': index('root/c', 'root/d'),
        'root/c': index(),
        'root/d': index('root/a'),
        'root/e': index('root/e'),
      },
    }),
  )
  t.same(
    indexes.map(({ name }) => name),
    ['root/c', 'root/d', 'root/b', 'root/a', 'root/e'],
  )
  t.match(indexes.at(-1)?.config, { bases: [] }, 'nobody inherits itself')
  t.end()
})

t.test('a hostile description is no more than an unknown file', t => {
  const proto = JSON.parse('{"__proto__": {"type": "releasefile"}, "relpath": "x"}') as unknown
  for (const [value, why] of [
    [undefined, /without a description/],
    [[], /without a description/],
    [{}, /without a relpath/],
    [{ relpath: 5 }, /without a relpath/],
    [proto, /unknown type undefined/],
    [{ relpath: 'x', type: 'releasefile' }, /of no project/],
    [{ relpath: 'x', type: 'releasefile', projectname: '../x' }, /of no project/],
  ] as const)
    t.match(readDumpedFile(value), why)
  t.match(
    readDumpedFile({
      relpath: 'a/b',
      type: 'releasefile',
      projectname: 'A.b',
      version: 7,
      entrymapping: {
        hashes: { sha256: 5, other: 'x' },
        hash_spec: 'md5=AB=C',
        last_modified: 'x',
      },
      log: [null, { what: 'upload', when: [1, 'x'] }, { what: 'push', when: [2020, 1, 1] }, {}],
    }),
    {
      name: 'a-b',
      filename: 'b',
      version: undefined,
      time: undefined,
      digests: new Map([['md5', 'ab']]),
      history: [{ what: 'push', when: '2020-01-01T00:00:00.000Z' }],
    },
  )
  t.end()
})
