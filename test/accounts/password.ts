import t from 'tap'
import {
  hashPassword,
  isPassword,
  nobodysPassword,
  passwordFault,
} from '../../src/accounts/password.ts'
import { cheaply } from './fixtures/accounts.ts'

const parametersOf = (kept: string) => kept.split('$').slice(0, 3)

t.test('what is kept is scrypt with a salt of its own (fault P24)', async t => {
  const [one, two] = await Promise.all([hashPassword('secret'), hashPassword('secret')])
  t.match(one, /^\$scrypt\$ln=15,r=8,p=3\$/)
  t.not(one, two)
  t.notMatch(one, 'secret')
  t.ok(await isPassword('secret', one))
  t.notOk(await isPassword('Secret', one))
})

t.test('the parameters are those of the file, so that later versions may raise them', async t => {
  t.ok(await isPassword('old', cheaply('old')))
  t.notOk(await isPassword('new', cheaply('old')))
})

t.test('one password typed as different code points is the same (RFC 7617)', async t => {
  t.ok(await isPassword('Ame\u0301lie', cheaply('Am\u00e9lie')))
})

t.test('nobody has the cost of everybody, and no password is right (fault P02)', async t => {
  t.same(parametersOf(nobodysPassword), parametersOf(await hashPassword('x')))
  t.notOk(await isPassword('', nobodysPassword))
})

t.test('a damaged file is no password and no bomb', async t => {
  const kept = cheaply('x')
  for (const damaged of [
    '',
    'x',
    kept.slice(0, -1),
    kept.replace('ln=10', 'ln=31'),
    kept.replace('ln=10', 'ln=0'),
    kept.replace('p=1', 'p=99'),
    kept.replace('r=8', 'r=0'),
  ])
    t.notOk(await isPassword('x', damaged), damaged)
})

t.test('what can be a password', async t => {
  for (const good of ['x', 'with blank', 'a:b', '\u{1f511}', 'x'.repeat(1024)])
    t.equal(passwordFault(good), undefined)
  for (const bad of ['', 'a\nb', 'a\0', 'x'.repeat(1025)]) t.match(passwordFault(bad), /password/)
})
