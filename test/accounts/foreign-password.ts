import { createHash } from 'node:crypto'
import t from 'tap'
import { foreignCheck, oldForeignPassword } from '../../src/accounts/foreign-password.ts'
import { isForeignPassword, isPassword } from '../../src/accounts/password.ts'
import { loginLife } from '../../src/accounts/login-tokens.ts'
import { cheaply, openAccounts, user } from './fixtures/accounts.ts'

// As passlib made them, for devpi: the usual cost, and as little as its own tests take.
const usual =
  '$argon2id$v=19$m=65536,t=3,p=4$U6qVUgph7D1HaK0V4hyDUA$QBGoj75WBtmupQlzYxnbMmrIormLKg5YLmW1o5jIFUY'
const cheap =
  '$argon2id$v=19$m=1024,t=2,p=4$n7MWIoSwtnZOifG+l1LqfQ$U34GsYRhGushMM1iJomy677WsDX7vLFmQLV54aAI2Sk'
const pbkdf2 =
  '$pbkdf2-sha256$29000$TYlR6r03xrg3xpjzfo9x7g$jJ0iQ7IT8WWCcUVA3y/obJ51MaiNNWxL4FpnEunlszI'

t.test('passwords that devpi kept are known', async t => {
  t.ok(await isPassword('secret', usual))
  t.ok(await isPassword('secret', cheap))
  t.notOk(await isPassword('Secret', cheap))
  t.notOk(await isPassword('', cheap))
  t.ok(await isPassword('sécret', pbkdf2))
  t.notOk(await isPassword('secret', pbkdf2))
  t.ok([usual, cheap, pbkdf2].every(isForeignPassword))
  t.notOk(isForeignPassword(cheaply('x')))
})

t.test('so are those that it kept before 2018 (F02)', async t => {
  const salt = 'uBLR5DKWtF6ro4H7h3FObQ=='
  // Of an empty password, from an export of devpi-server 3.0.
  const empty = '667a21361c2d700d6451ecc77c837a595329a74fa5b49c396c6aa6c49600bad6'
  t.ok(await foreignCheck(oldForeignPassword(salt, empty))?.(''))
  const kept = oldForeignPassword(salt, createHash('sha256').update(`${salt}sécret`).digest('hex'))
  t.ok(await isPassword('sécret', kept))
  t.notOk(await isPassword('secret', kept))
  t.notOk(await isPassword('', oldForeignPassword(salt, empty)), 'nobody signs in with nothing')
  t.ok(isForeignPassword(kept))
  t.equal(foreignCheck(oldForeignPassword('$', empty)), undefined)
})

t.test('a damaged or costly text is no hash', async t => {
  for (const text of [
    '',
    '!',
    usual.slice(0, -30),
    usual.replace('m=65536', 'm=9999999'),
    usual.replace('t=3', 't=99'),
    usual.replace('t=3', 't=0'),
    usual.replace('p=4', 'p=0'),
    usual.replace('v=19', 'v=16'),
    pbkdf2.replace('29000', '99999999'),
    pbkdf2.replace('29000', '0'),
    pbkdf2.slice(0, -1),
  ]) {
    t.equal(foreignCheck(text), undefined, text)
    t.notOk(isForeignPassword(text))
  }
})

t.test('who signs in with a foreign hash gets one of ours, once', async t => {
  const directory = t.testdir()
  const accounts = openAccounts(directory)
  const bob = user('bob')
  const kept = {
    password: cheap,
    publish: [],
    profile: { email: 'b@x' },
    created: '2020-01-02T03:04:05Z',
  }
  t.ok(await accounts.users.restore(bob, kept))
  t.notOk(await accounts.users.restore(bob, kept), 'the name is taken')
  const from = { address: '192.0.2.1', isLocal: false }
  t.equal(await accounts.identify({ user: 'bob', password: 'wrong' }, from), undefined)
  t.equal((await accounts.users.get(bob))?.password, cheap)
  const login = await accounts.login({ user: 'bob', password: 'secret' }, from)
  t.equal(login?.expiration, loginLife)
  const after = await accounts.users.get(bob)
  t.match(after, { password: /^\$scrypt/, profile: { email: 'b@x' }, created: kept.created })
  t.equal(after?.modified, undefined, 'nothing that anybody could see has changed')
  t.ok(await accounts.identify({ user: 'bob', password: login?.password ?? '' }, from))
  t.ok(await accounts.identify({ user: 'bob', password: 'secret' }, from))
})
