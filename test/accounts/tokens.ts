import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { isExpired, Tokens } from '../../src/accounts/tokens.ts'
import { Layout } from '../../src/disk/layout.ts'
import { readToken, type TokenText } from '../../src/spec/token.ts'
import { putUser } from './fixtures/accounts.ts'

const parts = (text: string) => readToken(text) as TokenText

t.test('a token is found by its text alone, and only a hash is kept', async t => {
  const directory = t.testdir()
  const layout = new Layout(directory)
  const tokens = new Tokens(layout)
  const owner = await putUser(directory, 'ci', 'secret')
  const { text, change } = await tokens.create(owner, { publish: ['acme-*'], note: 'github' })
  const { id, secret } = parts(text)
  t.match(change, { action: 'token created', user: 'ci', token: id, publish: ['acme-*'] })
  t.notMatch(JSON.stringify(change), secret)
  t.match(await tokens.find({ id, secret }), { user: 'ci', owner: owner.id, note: 'github' })
  const [file = ''] = await readdir(layout.tokens)
  t.notMatch(await readFile(join(layout.tokens, file), 'utf8'), secret)
  t.equal((await stat(join(layout.tokens, file))).mode & 0o777, 0o600)
  t.equal((await stat(layout.tokens)).mode & 0o777, 0o700)
  const other = parts((await tokens.create(owner, {})).text)
  t.equal(await tokens.find({ id, secret: other.secret }), undefined)
  t.equal(await tokens.find({ id: other.id, secret }), undefined)
})

t.test('a token that is revoked in one process is void in every other at once', async t => {
  const directory = t.testdir()
  const layout = new Layout(directory)
  const [here, there] = [new Tokens(layout), new Tokens(layout)]
  const owner = await putUser(directory, 'ci', 'secret')
  const token = parts((await there.create(owner, {})).text)
  t.ok(await here.find(token))
  t.match(await there.revoke(token.id), { action: 'token revoked', user: 'ci', token: token.id })
  t.equal(await here.find(token), undefined)
  t.equal(await here.revoke(token.id), undefined)
})

t.test('a token ends at its time, to the millisecond', async t => {
  const directory = t.testdir()
  const tokens = new Tokens(new Layout(directory))
  const owner = await putUser(directory, 'ci', 'secret')
  const end = Date.parse('2026-06-01T12:00:00.5Z')
  await tokens.create(owner, { expires: end })
  await tokens.create(owner, {})
  const all = await tokens.list()
  const expiring = all.filter(token => token.expires !== undefined)
  t.equal(all.length, 2)
  t.same(
    expiring.map(token => isExpired(token, end - 1)),
    [false],
  )
  t.same(
    expiring.map(token => isExpired(token, end)),
    [true],
  )
  t.same(
    all.filter(token => isExpired(token, end * 2)),
    expiring,
  )
})

t.test('a token whose limits cannot be read is none', async t => {
  const directory = t.testdir()
  const layout = new Layout(directory)
  const tokens = new Tokens(layout)
  const owner = await putUser(directory, 'ci', 'secret')
  const token = parts((await tokens.create(owner, { publish: ['a'], expires: 1e12 })).text)
  const path = layout.token(token.id)
  const whole = await readFile(path, 'utf8')
  for (const [good, bad] of [
    [/"expires": "[^"]*"/, '"expires": "soon"'],
    [/"expires": "[^"]*"/, '"expires": null'],
    [/"publish": \[[^\]]*\]/, '"publish": "*"'],
    [/"user": "ci"/, '"user": "../ci"'],
    [/"hash": "[^"]*"/, '"hash": ""'],
    [/^\{/, ''],
  ] as const) {
    const text = whole.replace(good, bad)
    t.not(text, whole)
    await writeFile(path, text)
    t.equal(await tokens.find(token), undefined, bad)
  }
  await writeFile(path, whole)
  t.ok(await tokens.find(token))
})
