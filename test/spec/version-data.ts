import t from 'tap'
import { readCoreMetadata } from '../../src/spec/core-metadata.ts'
import {
  readVersionData,
  sentVersionData,
  versionDataOf,
  wholeVersionData,
} from '../../src/spec/version-data.ts'

const form = (fields: Record<string, string | string[]>) =>
  new Map(Object.entries(fields).map(([key, value]) => [key, [value].flat()]))

// As a real devpi-server answered (devpi-api 12).
const seen =
  'name version metadata_version summary home_page author author_email maintainer maintainer_email license description keywords platform classifiers download_url supported_platform comment provides requires obsoletes project_urls provides_dist obsoletes_dist requires_dist requires_external requires_python description_content_type provides_extras dynamic license_expression license_file'

t.test('all keys are there, in the order of devpi, those not given empty', async t => {
  const data = wholeVersionData({ name: 'hello', version: '1.0' })
  t.equal(Object.keys(data).join(' '), seen)
  t.match(data, { name: 'hello', summary: '', platform: [], license_file: [], requires_python: '' })
})

t.test('a form tells texts and lists, and nothing of what it does not send', async t => {
  const sent = sentVersionData(
    form({
      name: 'Hello',
      summary: 'UNKNOWN',
      description: 'Hello *world*\n',
      classifiers: ['A', '', 'UNKNOWN', 'B'],
      platform: 'UNKNOWN',
      author: ['one', 'two'],
      provides_extra: 'x',
      ':action': 'submit',
      protocol_version: '1',
      __proto__: 'x',
    }),
  )
  t.same(sent, {
    name: 'Hello',
    summary: '',
    description: 'Hello *world*\n',
    classifiers: ['A', 'B'],
    platform: [],
    author: 'one',
    provides_extras: ['x'],
  })
})

t.test('a list is bounded', async t => {
  const { requires } = sentVersionData(form({ requires: Array.from({ length: 9000 }, () => 'x') }))
  t.equal(requires?.length, 5000)
})

t.test('of a record only what is of the right kind counts (S20)', async t => {
  const data = readVersionData({
    name: 'hello',
    summary: 7,
    classifiers: ['A', 1, null],
    platform: 'linux',
    constructor: 'x',
  })
  t.match(data, { name: 'hello', summary: '', classifiers: ['A'], platform: [] })
  t.equal(Object.keys(data).join(' '), seen)
})

t.test('core metadata tells the same', async t => {
  const data = versionDataOf(
    readCoreMetadata(
      'Metadata-Version: 2.1\nName: hello\nVersion: 1.0\nSummary: UNKNOWN\nRequires-Dist: six\nProvides-Extra: x\nLicense-File: L\nKeywords: a,b\n\nbody\n',
    ),
  )
  t.match(data, {
    name: 'hello',
    version: '1.0',
    metadata_version: '2.1',
    summary: '',
    requires_dist: ['six'],
    provides_extras: ['x'],
    license_file: ['L'],
    keywords: 'a,b',
    description: 'body\n',
    comment: '',
  })
  t.equal(Object.keys(data).join(' '), seen)
})
