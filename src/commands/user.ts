import type { Accounts } from '../accounts/accounts.ts'
import { closedPassword } from '../accounts/password.ts'
import type { User } from '../accounts/users.ts'
import { UsageError } from '../options.ts'
import { rootUser, type UserName } from '../spec/user-name.ts'
import { complain, print, type Command } from './command.ts'
import { execute, publishOf, rightsOf, userIn, type Action } from './open-accounts.ts'
import { isSet } from './open-cache.ts'
import { readPassword } from './password.ts'

const unknown = (name: UserName): Error =>
  new Error(`there is no user ${name}; "proxypypi user list" shows all`)

const othersThanRoot = (users: readonly User[]): readonly User[] =>
  users.filter(({ name }) => name !== rootUser)

const requireUser = async ({ users }: Accounts, name: UserName): Promise<void> => {
  if ((await users.get(name)) === undefined) throw unknown(name)
}

const add: Action = async (accounts, operands, invocation) => {
  const name = userIn(operands)
  const publish = publishOf(invocation) ?? []
  const taken = new Error(
    `there is a user ${name} already; "proxypypi user change" and "passwd" change one`,
  )
  const isOpen = await accounts.isRootOpen()
  const isFirst = isOpen && othersThanRoot(await accounts.users.list()).length === 0
  const mayBe = isOpen && name === rootUser
  if (!mayBe && (await accounts.users.get(name)) !== undefined) throw taken
  const password = await readPassword(invocation, name)
  const done = await accounts.users.add(name, { password, publish })
  if (done === undefined) throw taken
  if (isFirst && name !== rootUser) await closeRoot(accounts)
  print(`user ${name} added, ${rightsOf(publish)}`)
  return done
}

// From the first user on nothing is to be had without credentials, so not as root either.
const closeRoot = async ({ users }: Accounts): Promise<void> => {
  await users.closeRoot()
  complain('root cannot sign in any more until "proxypypi user passwd root" sets a password')
}

const change: Action = async ({ users }, operands, invocation) => {
  const name = userIn(operands)
  const publish = publishOf(invocation)
  if (publish === undefined)
    throw new UsageError(`user change needs --publish; an empty text takes all rights away`)
  const done = await users.change(name, { publish })
  if (done === undefined) throw unknown(name)
  print(`user ${name} changed, ${rightsOf(publish)}`)
  return done
}

const passwd: Action = async (accounts, operands, invocation) => {
  const name = userIn(operands)
  await requireUser(accounts, name)
  const password = await readPassword(invocation, name)
  const done = await accounts.users.change(name, { password })
  if (done === undefined) throw unknown(name)
  print(`password of ${name} changed; its tokens stay valid, its logins end`)
  return done
}

const list: Action = async ({ users }, operands, invocation) => {
  if (operands.length > 0) throw new UsageError('user list takes no name')
  for (const user of await users.list())
    print(isSet(invocation, 'json') ? JSON.stringify(summaryOf(user)) : lineOf(user))
  return undefined
}

const signInOf = ({ password }: User): 'anywhere' | 'here' | 'nowhere' =>
  password === '' ? 'here'
  : password === closedPassword ? 'nowhere'
  : 'anywhere'

const signInNotes = {
  anywhere: '',
  here: '; without a password, from this machine only',
  nowhere: '; cannot sign in: "proxypypi user passwd" sets a password',
} as const

const summaryOf = (user: User): object => {
  const { name, publish, created, modified, profile } = user
  return { name, publish, created, modified, ...profile, signIn: signInOf(user) }
}

const lineOf = (user: User): string => {
  const { name, publish, created } = user
  const rights = `${name === rootUser ? 'administrator, ' : ''}${rightsOf(publish)}`
  // That of root, which was always there, is the beginning of time.
  const since = name === rootUser ? 'always' : created.slice(0, 10)
  return `${name.padEnd(24)} ${since.padEnd(10)}  ${rights}${signInNotes[signInOf(user)]}`
}

const remove: Action = async (accounts, operands, _invocation, erase) => {
  const name = userIn(operands)
  const done = await accounts.remove(name, erase)
  if (done === undefined) throw unknown(name)
  print(`user ${name} removed, with all tokens and indexes`)
  if (othersThanRoot(await accounts.users.list()).length === 0)
    print('no user is left but root, so nobody else can publish: "proxypypi user add" adds one')
  return done
}

const actions = new Map<string, Action>([
  ['add', add],
  ['change', change],
  ['passwd', passwd],
  ['list', list],
  ['remove', remove],
])

/** The people and machines that may sign in. */
export const user: Command = {
  name: 'user',
  group: 'Publishing',
  operands: 'add|change|passwd|list|remove [NAME]',
  flags: ['publish', 'password-stdin', 'json'],
  summary: 'who may read and publish',
  details:
    'Adds a user, changes what one may publish, sets a password, lists all users, or removes one ' +
    'with all tokens and indexes. A user may read everything and publish in the root index the ' +
    "projects that --publish names ('*': all; without it, none); what others may do in indexes of " +
    'their own, these say (see index). The password is asked for on the terminal, or read from ' +
    'standard input with --password-stdin. A running server knows at once. From the first user on, ' +
    'nobody can publish without credentials. The administrator root always exists: without a ' +
    'password at first, good for clients on this machine only; adding the first user here takes ' +
    'even that away, until user passwd root sets one. Exits with 1 when there is no such user, or ' +
    'one already.',
  examples: [
    ["proxypypi user add alice --publish '*'", 'may publish everything'],
    ["proxypypi user change ci --publish 'acme-*'", 'may publish projects of these names only'],
    ['proxypypi user passwd alice', 'another password'],
  ],
  execute: invocation => execute(invocation, actions),
}
