/** Each route of devpi's interface × whoever may ask (the table of access rules). */
import t from 'tap'
import { Accounts } from '../../../src/accounts/accounts.ts'
import { Layout } from '../../../src/disk/layout.ts'
import { actions } from '../../../src/routes/devpi/actions.ts'
import { placeOf } from '../../../src/routes/devpi/place.ts'
import { rootUser, userName, type UserName } from '../../../src/spec/user-name.ts'
import { DevpiClient, devpiAuth, type Credentials } from '../../fixtures/devpi.ts'
import { makeWheel } from '../../fixtures/dist.ts'
import { digestOf, formFor, post } from '../../fixtures/publishing.ts'
import { serve, type Served, type Test } from '../../fixtures/serve.ts'
import { accessTable, roles, type AccessRow, type Role } from './access-table.ts'

const dist = makeWheel({ name: 'acme', version: '1.0' })

const nameOf = (text: string): UserName => {
  const name = userName(text)
  if (name === undefined) throw new Error(`${text} is no user name`)
  return name
}

/** A server on which everybody of the table lives. */
class House {
  readonly devpi: DevpiClient
  readonly #served: Served
  readonly #accounts: Accounts
  #count = 0

  private constructor(served: Served) {
    this.#served = served
    this.devpi = new DevpiClient(served)
    this.#accounts = new Accounts(new Layout(served.directory))
  }

  static async open(t: Test): Promise<House> {
    const house = new House(await serve(t))
    const { users } = house.#accounts
    // Root has a password, so that nobody may more because of sitting here.
    for (const name of ['alice', 'bob', 'root'])
      await users.add(nameOf(name), { password: name, publish: [] })
    return house
  }

  async token(user: string): Promise<Credentials> {
    return { user, password: (await this.#accounts.freshLogin(nameOf(user)))?.password ?? '' }
  }

  /** A login of yesterday. */
  async expired(user: string): Promise<Credentials> {
    const clock = { now: () => Date.now() - 86_400_000, ticks: () => performance.now() }
    const before = new Accounts(new Layout(this.#served.directory), clock)
    return { user, password: (await before.freshLogin(nameOf(user)))?.password ?? '' }
  }

  /** A user like alice for one request. */
  async user(): Promise<string> {
    const name = this.fresh()
    await this.#accounts.users.add(nameOf(name), { password: '', publish: [] })
    return name
  }

  fresh(): string {
    this.#count += 1
    return `n${this.#count}`
  }

  /** An index of alice with a release; gives its name and the path of the file. */
  async index(
    settings: object,
    name = `alice/${this.fresh()}`,
  ): Promise<{ name: string; file: string }> {
    const alice = await this.token('alice')
    await this.devpi.index(name, settings, alice)
    const { status } = await post(this.devpi.url, `/${name}/`, formFor(dist), devpiAuth(alice))
    if (status !== 200) throw new Error(`upload to ${name}: ${status}`)
    const digest = digestOf(dist.bytes)
    const file = `${name}/+f/${digest.slice(0, 3)}/${digest.slice(3, 16)}/${dist.filename}`
    return { name, file }
  }
}

t.test('each action has a row in the table', async t => {
  const covered = new Set(
    accessTable.map(({ method, path }) => {
      const [plain = ''] = path.split('?')
      const whole = plain
        .replace('/FILE', '/alice/dev/+f/abc/def/acme-1.0.whl')
        .replace('INDEX', 'alice/dev')
      return `${method} ${placeOf(whole.split('/').filter(part => part !== ''))?.kind}`
    }),
  )
  for (const [kind, methods] of Object.entries(actions))
    for (const method of Object.keys(methods))
      t.ok(covered.has(`${method} ${kind}`), `${method} ${kind}`)
})

const credentialsOf = async (
  house: House,
  role: Role,
  owner: string,
): Promise<Credentials | undefined> => {
  if (role === 'anonymous') return undefined
  if (role === 'wrong') return { user: owner, password: 'wrong' }
  if (role === 'expired') return house.expired(owner)
  return house.token({ other: 'bob', owner, root: rootUser }[role])
}

/** What the words of a row stand for. */
type Words = Readonly<Record<'INDEX' | 'FILE' | 'USER' | 'NEW', string>>

const inWords = (text: string, words: Words): string =>
  Object.entries(words).reduce((done, [word, value]) => done.replaceAll(word, value), text)

/** The statuses that all get; what one of them used up is made anew for the next. */
const statusesOf = async (
  house: House,
  row: AccessRow,
  index: () => Promise<{ name: string; file: string }>,
): Promise<number[]> => {
  const text = JSON.stringify([row.path, row.body ?? null, row.headers ?? {}])
  const isAboutIndex = /INDEX|FILE/.test(text)
  const make = async () => ({
    user: text.includes('USER') ? await house.user() : 'alice',
    ...(isAboutIndex ? await index() : { name: '', file: '' }),
  })
  let made = await make()
  const statuses: number[] = []
  for (const role of roles) {
    const { user, name, file } = made
    const words = { INDEX: name, FILE: file, USER: user, NEW: house.fresh() }
    const [path, body, headers] = JSON.parse(inWords(text, words)) as Parsed
    const as = await credentialsOf(house, role, user)
    const { status } = await house.devpi.json(row.method, path, body ?? undefined, as, headers)
    statuses.push(status)
    if (row.method !== 'GET' && status < 400) made = await make()
  }
  return statuses
}

type Parsed = [path: string, body: unknown, headers: Record<string, string>]

t.test('who gets what', async t => {
  const house = await House.open(t)
  await house.index({}, 'alice/source')
  const known = new Map<string, Promise<{ name: string; file: string }>>()
  for (const row of accessTable) {
    const { settings = {} } = row
    const index = () => {
      const key = JSON.stringify(settings)
      if (row.method === 'GET') known.set(key, known.get(key) ?? house.index(settings))
      return known.get(row.method === 'GET' ? key : '') ?? house.index(settings)
    }
    const statuses = await statusesOf(house, row, index)
    t.strictSame(statuses, row.expected, `${row.title}: ${row.method} ${row.path}`)
  }
})
