import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { main } from '../../src/cli.ts'
import { IndexConfigs } from '../../src/accounts/index-configs.ts'
import { Changes } from '../../src/disk/changes.ts'
import { Layout } from '../../src/disk/layout.ts'
import { replace } from '../../src/disk/write.ts'
import { changedIndexConfig } from '../../src/spec/index-config.ts'
import { indexOf, putUser } from '../accounts/fixtures/accounts.ts'
import { buildProgram } from '../fixtures/cli.ts'
import { directoryOf } from '../fixtures/directory.ts'

const dev = indexOf('alice/dev')

/** A directory with the user alice, and the command in this process. */
const place = async (t: Test) => {
  const directory = directoryOf(t)
  const layout = new Layout(directory)
  await putUser(directory, 'alice', 'secret')
  const run = async (...args: string[]) => {
    const out = t.capture(process.stdout, 'write', () => true)
    const err = t.capture(process.stderr, 'write', () => true)
    const code = await main(['--cache', directory, 'index', ...args])
    out.restore()
    err.restore()
    return { code, stdout: out.args().join(''), stderr: err.args().join('') }
  }
  return { directory, layout, run, configs: new IndexConfigs(layout) }
}

t.test('index create, show, modify, list, delete (devpi-api 7)', async t => {
  const { layout, run, configs } = await place(t)
  t.match(await run('create', 'alice/dev', 'bases=root/pypi', 'volatile=False', 'title=a=b'), {
    code: 0,
    stdout: 'index alice/dev created\n',
  })
  t.match(await configs.get(dev), { bases: ['root/pypi'], volatile: false, title: 'a=b' })
  const shown = await run('show', 'alice/dev')
  t.match(shown.stdout, /^type=stage\nvolatile=False\nbases=root\/pypi\nacl_upload=alice\n/)
  t.match(await run('modify', 'alice/dev', 'acl_upload+=ci', 'bases-=root/pypi', 'title-='), {
    code: 0,
    stdout: 'index alice/dev changed\n',
  })
  t.match(await configs.get(dev), { acl_upload: ['alice', 'ci'], bases: [], title: undefined })
  t.match(await run('modify', 'alice/dev', 'acl_upload+=ci'), { stdout: /was so already\n$/ })
  t.match(await run('delete', 'alice/dev'), { code: 1, stderr: /non-volatile/ })
  await run('create', 'alice/mirror', 'type=mirror', 'mirror_url=https://a:b@x.example/simple/')
  const all = await run('list')
  t.match(
    all.stdout,
    /^alice\/dev +stage +not volatile\nalice\/mirror +mirror +volatile, from https:\/\/a:\*\*\*@x.*\nroot\/pypi +mirror /,
  )
  const [first = ''] = (await run('list', 'alice', '--json')).stdout.split('\n')
  t.match(JSON.parse(first), { name: 'alice/dev', type: 'stage', volatile: false })
  t.match(JSON.parse((await run('show', 'root/pypi', '--json')).stdout), { title: 'PyPI' })
  await run('modify', 'alice/dev', 'volatile=yes')
  t.match(await run('delete', 'alice/dev'), { code: 0, stdout: /^index alice\/dev deleted/ })
  t.equal(await configs.get(dev), undefined)
  t.equal(new Changes(layout).serial(), 5, 'one for each change, for clients of devpi')
  const [day = ''] = await readdir(layout.journal)
  const journal = await readFile(join(layout.journal, day), 'utf8')
  t.match(journal, /"event":"index","index":"alice\/dev","change":"index created: alice\/dev"/)
  t.equal(journal.trimEnd().split('\n').length, 5)
})

t.test('deleting takes away what lies in the index', async t => {
  const { directory, layout, run } = await place(t)
  await run('create', 'alice/dev')
  const path = join(directory, '@alice', 'dev', 'foo', 'foo-1.0.tar.gz')
  await replace(layout, path, 'x')
  t.match(await run('delete', 'alice/dev'), { code: 0 })
  t.notOk((await readdir(directory)).includes('@alice'))
})

t.test('what cannot be done exits with 1, what cannot be meant with 2', async t => {
  const { run, configs } = await place(t)
  await run('create', 'alice/prod')
  for (const [args, code, pattern] of [
    [['create', 'nobody/dev'], 1, /there is no user nobody/],
    [['create', 'alice/prod'], 1, /there is an index alice\/prod already/],
    [['create', 'root/pypi'], 1, /there is an index root\/pypi already/],
    [['create', 'alice/dev', 'bases=alice/x'], 1, /base index 'alice\/x' does not exist/],
    [['modify', 'alice/prod', 'bases+=alice/prod'], 1, /cannot be a base of itself/],
    [['modify', 'alice/x', 'volatile=False'], 1, /there is no index alice\/x/],
    [['show', 'alice/x'], 1, /there is no index alice\/x/],
    [['delete', 'alice/x'], 1, /there is no index alice\/x/],
    [['delete', 'root/pypi'], 1, /cannot be deleted/],
    [['list', 'nobody'], 1, /there is no user nobody/],
    [[], 2, /needs one of list, create, show, modify, delete/],
    [['mdify'], 2, /did you mean "modify"/],
    [['create'], 2, /the name of an index is missing/],
    [['create', '../x'], 2, /is no USER\/INDEX/],
    [['create', 'alice'], 2, /"alice" is no USER\/INDEX/],
    [['create', 'alice/dev', 'volatile'], 2, /"volatile" is no KEY=VALUE/],
    [['create', 'alice/dev', 'volatile=maybe'], 2, /Unknown boolean value 'maybe'/],
    [['create', 'alice/dev', 'foo=maybe'], 2, /unexpected keyword arguments: foo=maybe/],
    [['create', 'alice/dev', '__proto__=x'], 2, /__proto__/],
    [['modify', 'alice/prod'], 2, /needs KEY=VALUE/],
    [['modify', 'alice/prod', 'acl_upload-=zz'], 2, /doesn't have value 'zz'/],
    [['modify', 'alice/prod', 'type=mirror'], 2, /can't be changed/],
    [['delete', 'alice/prod', 'x'], 2, /takes nothing behind the name/],
  ] as const)
    t.match(await run(...args), { code, stdout: '', stderr: pattern }, args.join(' '))
  t.same([...(await configs.all()).keys()], ['alice/prod', 'root/pypi'])
})

t.test('of administrators who change one index in several processes, none loses', async t => {
  const { directory, run, configs } = await place(t)
  const program = await buildProgram()
  await run('create', 'alice/dev')
  const names = ['b', 'c', 'd', 'e']
  const here = names.map(name => `here-${name}`)
  const ended = Promise.all(
    names.map(name =>
      program.run(directory, ['index', 'modify', 'alice/dev', `acl_upload+=${name}`]),
    ),
  )
  for (const name of here)
    await configs.change(dev, config => changedIndexConfig(config, [`acl_upload+=${name}`]))
  for (const { code, stderr } of await ended) t.equal(code, 0, stderr)
  const { acl_upload = [] } = { acl_upload: undefined, ...(await configs.get(dev)) }
  t.same([...acl_upload].toSorted(), ['alice', ...names, ...here].toSorted())
})
