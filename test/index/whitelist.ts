import t from 'tap'
import { verdictOf } from '../../src/index/whitelist.ts'
import { nameOf } from '../fixtures/index-contract.ts'
import { indexOf } from '../fixtures/named-indexes.ts'

const project = nameOf('leaf-lib')

type Mode = 'intersection' | 'union'
type Stage = readonly [name: string, whitelist: readonly string[], hasProject: boolean]
type Row = readonly [
  why: string,
  mode: Mode,
  stages: readonly Stage[],
  hider: string | undefined,
  isWhitelisted?: boolean,
]

const own = ['leaf-lib']
const all = ['*']
const other = ['other']

// devpi-api 8
const rows: readonly Row[] = [
  ['nobody has it', 'intersection', [['a/leaf', [], false]], undefined],
  ['the leaf has it', 'intersection', [['a/leaf', [], true]], 'a/leaf'],
  ['the leaf lists it', 'intersection', [['a/leaf', own, true]], undefined, true],
  ['the leaf lists everything', 'intersection', [['a/leaf', all, true]], undefined, true],
  ['the leaf lists another', 'intersection', [['a/leaf', other, true]], 'a/leaf'],
  [
    'a base has it',
    'intersection',
    [
      ['a/leaf', [], false],
      ['a/base', [], true],
    ],
    'a/base',
  ],
  [
    "the leaf's entry alone suffices, since it is looked at first",
    'intersection',
    [
      ['a/leaf', own, true],
      ['a/base', [], true],
    ],
    'a/base',
    true,
  ],
  [
    "a base's entry alone does not",
    'intersection',
    [
      ['a/leaf', [], true],
      ['a/base', own, false],
    ],
    'a/leaf',
  ],
  [
    "a base's entry for its own project alone does not",
    'intersection',
    [
      ['a/leaf', [], false],
      ['a/base', own, true],
    ],
    'a/base',
  ],
  [
    "a base's entry suffices with union",
    'union',
    [
      ['a/leaf', [], true],
      ['a/base', own, false],
    ],
    'a/leaf',
    true,
  ],
  [
    'the entry of the last suffices with union',
    'union',
    [
      ['a/leaf', other, true],
      ['a/base', [], true],
      ['a/last', all, false],
    ],
    'a/leaf',
    true,
  ],
  [
    'nobody lists it, with union',
    'union',
    [
      ['a/leaf', other, false],
      ['a/base', ['more'], true],
    ],
    'a/base',
  ],
  [
    'the first that has it is named',
    'intersection',
    [
      ['a/leaf', [], false],
      ['a/one', [], true],
      ['a/two', [], true],
    ],
    'a/one',
  ],
  [
    '* and a name have nothing in common with intersection, as at devpi',
    'intersection',
    [
      ['a/leaf', [], false],
      ['a/base', all, true],
    ],
    'a/base',
  ],
]

for (const [why, mode, stages, hider, isWhitelisted = false] of rows)
  t.test(`${mode}: ${why}`, async t => {
    const onTheWay = stages.map(([name, whitelist, hasProject]) => ({
      name: indexOf(name),
      whitelist,
      hasProject,
    }))
    t.same(verdictOf(mode, project, onTheWay), { hider, isWhitelisted })
  })
