import { createHash } from 'node:crypto'
import { cpSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { closedPassword, isPassword } from '../../../src/accounts/password.ts'
import { Users } from '../../../src/accounts/users.ts'
import { Counters } from '../../../src/counters.ts'
import { Layout } from '../../../src/disk/layout.ts'
import { shownHistory } from '../../../src/index/log-entry.ts'
import { openIndexes, type Indexes } from '../../../src/index/open.ts'
import { distFilename, type Filename } from '../../../src/spec/filename.ts'
import { storedIndexConfig } from '../../../src/spec/index-config.ts'
import { projectName, type Name } from '../../../src/spec/project-name.ts'
import type { UserName } from '../../../src/spec/user-name.ts'
import { DevpiImport, openDump } from '../../../src/transfer/devpi/import-devpi.ts'
import type { Tally } from '../../../src/transfer/devpi/tally.ts'
import { directoryOf } from '../../fixtures/directory.ts'
import { makeSdist, makeWheel } from '../../fixtures/dist.ts'
import { interrupted } from '../../fixtures/interrupted.ts'
import { opened } from '../../fixtures/named-indexes.ts'
import { MemoryLog, settingsFor } from '../../fixtures/serve.ts'
import { picture } from '../fixtures/state.ts'
import { MadeDump, moment, stage } from './fixtures/dump.ts'

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const nameOf = (text: string): Name => projectName(text) ?? ('' as Name)
const fileOf = (text: string): Filename => distFilename(text) ?? ('' as Filename)

// As passlib made it of `secret`, with as little work as it can.
const argon2 =
  '$argon2id$v=19$m=1024,t=2,p=4$n7MWIoSwtnZOifG+l1LqfQ$U34GsYRhGushMM1iJomy677WsDX7vLFmQLV54aAI2Sk'

const sdist = makeSdist({ name: 'acme', version: '1.0' })
const wheel = makeWheel({ name: 'acme', version: '1.0' })

const usualDump = (directory: string): MadeDump => {
  const dump = new MadeDump(directory)
  dump.user('root', { pwhash: argon2, created: '2020-01-01T00:00:00Z' })
  const custom_data = { a: [1] }
  dump.user('alice', { pwhash: argon2, email: 'a@x', title: 'Alice', custom_data })
  dump
    .index('alice/prod', stage({ bases: ['alice/dev'], volatile: false, mirror_whitelist: ['*'] }))
    .release('acme', '1.0', { summary: 'a thing' })
    .file('acme', '1.0', sdist)
  dump
    .index('alice/dev', stage({ bases: ['root/pypi'], uploadtrigger_jenkins: null, plugin_key: 1 }))
    .release('acme', '1.0', { summary: 'a thing', classifiers: ['A :: B'] })
    .release('only-registered', '2.0')
    .file('acme', '1.0', sdist)
    .file('acme', '1.0', wheel)
    .docs('acme', '1.0')
    .result('acme', '1.0', wheel, { first: true })
    .result('acme', '1.0', wheel, { second: true }, 1)
    .result('acme', '1.0', wheel, { second: true }, 2)
  dump.index('alice/mirror', {
    type: 'mirror',
    volatile: true,
    mirror_url: 'https://u:p@corp.example/simple/',
    mirror_cache_expiry: 60,
  })
  dump.index('root/pypi', {
    type: 'mirror',
    volatile: false,
    title: 'Ours',
    mirror_url: 'https://pypi.python.org/simple/',
    mirror_web_url_fmt: 'https://pypi.python.org/pypi/{name}',
  })
  dump.write()
  return dump
}

const withIndexes = async <T>(
  directory: string,
  work: (indexes: Indexes) => Promise<T>,
): Promise<T> => {
  const settings = settingsFor(directory, { offline: true })
  const indexes = openIndexes(settings, new MemoryLog(), new Counters())
  try {
    return await work(indexes)
  } finally {
    await indexes.close()
  }
}

const importInto = (directory: string, dump: string): Promise<Tally> =>
  withIndexes(directory, async indexes => new DevpiImport(indexes, dump).run(await openDump(dump)))

// What a test of kills compares: which records there are, and what all files hold.
const durable = (directory: string): readonly string[] =>
  Object.entries(picture(directory))
    .filter(([path]) => !/\.proxypypi\/(?:work|cache)\/|\/changes$/.test(path))
    .map(([path, text]) => (path.startsWith('.proxypypi') ? path : `${path} ${text.slice(15)}`))

const places = (t: Test): { to: string; from: string } => {
  const root = directoryOf(t)
  return { to: join(root, 'to'), from: join(root, 'dump') }
}

t.test('users come with their passwords and what they say (E11, F28)', async t => {
  const { to, from } = places(t)
  usualDump(from)
  const tally = await importInto(to, from)
  t.same(tally.problems, [])
  t.equal(tally.words, '2 users, 4 indexes, 3 releases, 3 files, 1 documentation, 3 test results')
  const users = new Users(new Layout(to))
  const alice = await users.get('alice' as UserName)
  t.ok(await isPassword('secret', alice?.password ?? ''))
  t.same(alice?.profile, { email: 'a@x', title: 'Alice', custom_data: { a: [1] } })
  t.same(alice?.publish, [])
  t.equal(alice?.created, '1970-01-01T00:00:00Z', 'older than devpi could tell')
  const root = await users.get('root' as UserName)
  t.ok(await isPassword('secret', root?.password ?? ''))
  t.equal(root?.created, '2020-01-01T00:00:00Z')
})

t.test('who signed in elsewhere has no password, not an empty one', async t => {
  const { to, from } = places(t)
  const dump = usualDump(from)
  dump.user('ldap', {})
  dump.user('never', { pwhash: '' })
  dump.write()
  const { notes } = await importInto(to, from)
  for (const name of ['ldap', 'never']) {
    t.ok(
      notes.includes(
        `${name} has no password in the export; set one: proxypypi user passwd ${name}`,
      ),
    )
    const { password } = (await new Users(new Layout(to)).get(name as UserName)) ?? {}
    t.equal(password, closedPassword)
    t.notOk(await isPassword('', password ?? ''))
  }
})

t.test('who alone may read an index by a plugin of devpi reads it alone here', async t => {
  const { to, from } = places(t)
  const dump = usualDump(from)
  dump.index('alice/secret', stage({ acl_pkg_read: ['alice', ':devs'] }))
  dump.index('alice/open', stage({ acl_pkg_read: null }))
  dump.write()
  t.same((await importInto(to, from)).problems, [])
  await withIndexes(to, async indexes => {
    const secret = await opened(indexes, 'alice/secret')
    t.same(secret.config.acl_read, ['alice', ':devs'])
    t.equal((await opened(indexes, 'alice/open')).config.acl_read, undefined)
  })
})

t.test('indexes come with their settings (E12, F09, F16)', async t => {
  const { to, from } = places(t)
  usualDump(from)
  await importInto(to, from)
  await withIndexes(to, async indexes => {
    const all = await indexes.configs.all()
    t.same([...all.keys()], ['alice/dev', 'alice/mirror', 'alice/prod', 'root/pypi'])
    const { config } = await opened(indexes, 'alice/dev')
    const { custom_data: _, ...stored } = storedIndexConfig(config)
    t.match(stored, { ...stage({ bases: ['root/pypi'] }), plugin_key: 1 })
    t.match((await opened(indexes, 'alice/prod')).config, { volatile: false, bases: ['alice/dev'] })
    t.match((await opened(indexes, 'alice/mirror')).config, {
      mirror_url: 'https://u:p@corp.example/simple/',
      mirror_cache_expiry: 60,
    })
    t.match(
      await indexes.configs.get(indexes.registry.root.name),
      { title: 'Ours', mirror_url: 'https://pypi.org/simple/' },
      'the host of PyPI of old answers no more',
    )
  })
})

t.test('files, documentation and results come with times and histories (F28)', async t => {
  const { to, from } = places(t)
  usualDump(from)
  await importInto(to, from)
  await withIndexes(to, async indexes => {
    const { folder, beside, stage } = await opened(indexes, 'alice/dev')
    const acme = nameOf('acme')
    const { uploaded } = await folder.of(acme)
    t.same([...uploaded.keys()].toSorted(), [sdist.filename, wheel.filename].toSorted())
    const { fact } = uploaded.get(fileOf(wheel.filename)) ?? {}
    t.equal(fact?.sha256, sha256Of(wheel.bytes))
    t.equal(fact?.file['upload-time'], '2024-03-05T06:07:08.000000Z')
    t.ok(fact?.file['core-metadata'], 'as of any upload')
    t.equal(fact?.by, 'alice')
    t.equal(fact?.mayChange, true, 'the index is volatile')
    const upload = { what: 'upload', who: 'alice', when: moment.list, dst: 'alice/dev' }
    t.same(shownHistory(fact?.log ?? []), [upload])
    t.match(await beside.releases.get(acme, '1.0'), {
      summary: 'a thing',
      classifiers: ['A :: B'],
    })
    t.same([...(await beside.releases.projects())].toSorted(), ['acme', 'only-registered'])
    const docs = await beside.docs.get(acme, '1.0')
    t.equal(docs?.at, '2024-03-05T06:07:08.000Z')
    t.ok(await beside.docs.member(acme, '1.0', 'index.html'))
    const tested = { name: acme, filename: fileOf(wheel.filename), sha256: fact?.sha256 ?? '' }
    const results = await beside.toxResults.of(tested)
    t.same(
      results.map(({ filename, by }) => [filename, by]),
      [0, 1, 2].map(number => [`${wheel.filename}.toxresult-20240305060708-${number}`, undefined]),
    )
    t.equal(await stage?.attestations(acme, fileOf(wheel.filename)), undefined)
    const prod = await opened(indexes, 'alice/prod')
    t.equal((await prod.folder.of(acme)).uploaded.size, 1)
    t.equal((await prod.own.project(acme))?.name, 'acme')
  })
})

t.test('what is here already stays, and nothing comes twice', async t => {
  const { to, from } = places(t)
  const dump = usualDump(from)
  await importInto(to, from)
  const before = picture(to)
  const again = await importInto(to, from)
  t.equal(again.words, undefined)
  t.equal(again.present, 16)
  t.same(again.problems, [])
  t.same(picture(to), before)
  const other = makeSdist({ name: 'acme', version: '1.0', extra: 'Summary: another\n' })
  dump.user('alice', { pwhash: '', email: 'other@x' })
  dump
    .index('alice/dev', stage({ bases: [], volatile: false }))
    .release('acme', '1.0', { summary: 'another' })
    .file('acme', '1.0', other)
    .docs('acme', '1.0', 'other')
  dump.index('alice/mirror', stage()).file('acme', '1.0', sdist)
  dump.write()
  const tally = await importInto(to, from)
  t.equal(tally.words, undefined)
  t.match(tally.notes, [/alice\/dev keeps the settings that it has here/])
  t.same(tally.problems, [
    `alice/dev/acme/1.0/${sdist.filename} is left out: alice/dev has another file of that name, which stays`,
    'alice/dev/acme-1.0.doc.zip is left out: alice/dev has other documentation of it, which stays',
    'index alice/mirror is a mirror here, in the export a stage',
  ])
  t.same(picture(to), before)
})

t.test('a file that is missing is named before anything is written', async t => {
  const { to, from } = places(t)
  usualDump(from)
  rmSync(join(from, 'alice', 'dev', 'acme', '1.0', wheel.filename))
  const named = `the export has no file alice/dev/acme/1.0/${wheel.filename}`
  await t.rejects(importInto(to, from), { message: named })
  t.throws(() => picture(to), { code: 'ENOENT' })
})

t.test('a file that is not what was exported is named, and later ones come next time', async t => {
  const { to, from } = places(t)
  usualDump(from)
  const path = join(from, 'alice', 'dev', 'acme', '1.0', wheel.filename)
  writeFileSync(path, 'something else')
  await t.rejects(importInto(to, from), /acme-1\.0-.*\.whl has sha256 .*, but .* was exported/)
  t.same(Object.keys(picture(join(to, '.proxypypi', 'work'))), ['locks/', 'tmp/'])
  writeFileSync(path, wheel.bytes)
  const tally = await importInto(to, from)
  t.match(tally.words, /^\d+ (?:index|file|test)/)
  t.same(tally.problems, [])
})

t.test('no path of the export leads out of it', async t => {
  const { to, from } = places(t)
  writeFileSync(join(from, '..', 'secret-1.0.tar.gz'), sdist.bytes)
  for (const place of [
    '../secret-1.0.tar.gz',
    'alice/../../secret-1.0.tar.gz',
    join(from, '..', 'secret-1.0.tar.gz'),
    'alice//dev/x',
    'alice/dev/link-1.0.tar.gz',
    'alice/dev/a\0b',
  ]) {
    const dump = usualDump(from)
    rmSync(join(from, 'alice', 'dev', 'link-1.0.tar.gz'), { force: true })
    symlinkSync(
      join(from, '..', 'secret-1.0.tar.gz'),
      join(from, 'alice', 'dev', 'link-1.0.tar.gz'),
    )
    const index = dump.index('alice/dev', stage())
    index.json.files.push({ type: 'releasefile', projectname: 'secret', relpath: place })
    dump.write()
    await t.rejects(importInto(to, from), /leads out of the export/, place)
  }
})

t.test('exports of old servers: no versions, md5, names in any spelling (F02)', async t => {
  const { to, from } = places(t)
  const dump = new MadeDump(from, '1')
  const salt = 'uBLR5DKWtF6ro4H7h3FObQ=='
  const old = (password: string) => ({
    pwsalt: salt,
    pwhash: createHash('sha256').update(`${salt}${password}`).digest('hex'),
  })
  dump.user('root', old(''))
  dump.user('bob', old('secret'))
  const files = ['1.0', '1.1'].map(version => makeSdist({ name: 'hello.pkg', version }))
  const index = dump.index('root/dev', {
    type: 'stage',
    volatile: true,
    acl_upload: ['root'],
    bases: ['root/dev', 'root/removed'],
    pypi_whitelist: ['six'],
    uploadtrigger_jenkins: '',
  })
  index.release('hello.pkg', '1.0').release('Hello_Pkg', '1.1').release('bare', '1')
  Object.assign(index.json.projects, { nothing: {} })
  for (const [at, { filename, bytes }] of files.entries())
    index.add(`${['hello.pkg', 'Hello_Pkg'][at]}/${filename}`, bytes, {
      type: 'releasefile',
      projectname: ['hello.pkg', 'Hello_Pkg'][at],
      entrymapping: {
        md5: createHash('md5').update(bytes).digest('hex'),
        last_modified: 'Fri, 12 Sep 2014 13:18:55 GMT',
      },
    })
  dump.index('bob/empty', { type: 'stage', bases: [] }).json.projects = [] as never
  dump.write()
  const tally = await importInto(to, from)
  t.same(tally.problems, [])
  t.same(tally.notes, ['root/dev inherits root/removed, which does not exist: change its bases'])
  await withIndexes(to, async indexes => {
    const { config, folder, beside, claims } = await opened(indexes, 'root/dev')
    t.match(config, {
      bases: ['root/removed'],
      mirror_whitelist: ['six'],
      mirror_whitelist_inheritance: 'union',
    })
    t.equal((config as { uploadtrigger_jenkins?: string }).uploadtrigger_jenkins, undefined)
    const { uploaded } = await folder.of(nameOf('hello-pkg'))
    t.same(
      [...uploaded.values()].map(({ fact }) => fact.file['upload-time']),
      ['2014-09-12T13:18:55.000000Z', '2014-09-12T13:18:55.000000Z'],
    )
    t.same([...(await beside.releases.versions(nameOf('hello-pkg')))].toSorted(), ['1.0', '1.1'])
    t.equal(await claims(nameOf('nothing')), true, 'a name without releases is private, too')
    t.equal(await claims(nameOf('other')), false)
  })
  const users = new Users(new Layout(to))
  t.equal((await users.get('root' as UserName))?.password, '', 'an empty one is known as that')
  const bob = await users.get('bob' as UserName)
  t.ok(await isPassword('secret', bob?.password ?? ''))
  t.equal((await importInto(to, from)).words, undefined)
})

t.test('what cannot be taken is told, and the rest is', async t => {
  const { to, from } = places(t)
  const dump = usualDump(from)
  dump.user('carol', { pwhash: 'unknown' })
  dump.index('nobody/dev', stage()).file('acme', '1.0', sdist)
  const index = dump.index('carol/dev', stage())
  index.add('acme/acme-1.0.txt', Buffer.from('x'), { type: 'releasefile', projectname: 'acme' })
  index.file('other', '1.0', sdist)
  index.file('odd', '1.0', { ...sdist, filename: 'odd-1.0.zip' })
  index.add('acme-1.0.doc.zip', Buffer.from('no zip'), {
    type: 'doczip',
    projectname: 'acme',
    version: '1.0',
  })
  index.result('acme', '1.0', wheel, {})
  index.json.files.push(
    { type: 'other', relpath: 'x' },
    { type: 'doczip', projectname: '..', relpath: 'y' },
    {},
    null as never,
  )
  index.release('..', '1.0').release('fine', '../1')
  dump.write()
  const { problems, notes, words } = await importInto(to, from)
  t.match(words, /^3 users, 5 indexes/)
  t.same(problems, [
    'index nobody/dev: there is no user nobody',
    'carol/dev has "..", which is no project name',
    'fine in carol/dev has "../1", which is no version',
    'in carol/dev, x is of an unknown type "other"',
    'in carol/dev, y is of no project',
    'in carol/dev, a file without a relpath',
    'in carol/dev, a file without a description',
    'carol/dev/acme/acme-1.0.txt is left out: by its name it is no file of acme',
    'carol/dev/acme-1.0.doc.zip is left out: the documentation is refused: it is too short for a ZIP archive',
    `carol/dev/acme/sha256=${sha256Of(wheel.bytes)}/${wheel.filename}.toxresult-20240305060708-0 is left out: the file that it is about is not here`,
    'carol/dev/other/1.0/acme-1.0.tar.gz is left out: by its name it is no file of other',
  ])
  t.match(notes.join('\n'), /password of carol is not understood/)
  t.match(notes.join('\n'), /odd-1\.0\.zip in carol\/dev is odd/)
})

t.test('killed at any step, the next one ends it', async t => {
  const { to, from } = places(t)
  usualDump(from)
  await importInto(to, from)
  const whole = durable(to)
  for (let steps = 0, isThrough = false; !isThrough; steps += 23) {
    const trial = join(to, '..', `trial-${steps}`)
    cpSync(to, trial, { recursive: true, filter: path => path === to })
    isThrough = await interrupted(steps, () => importInto(trial, from))
    const tally = await importInto(trial, from)
    t.same(tally.problems, [], `${steps} steps`)
    t.same(durable(trial), whole, `${steps} steps`)
  }
})
