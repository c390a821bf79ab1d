import type { Accounts } from '../accounts/accounts.ts'
import { UsageError } from '../options.ts'
import type { UserName } from '../spec/user-name.ts'
import { print, type Command } from './command.ts'
import { execute, publishOf, rightsOf, userIn, type Action } from './open-accounts.ts'
import { isSet } from './open-cache.ts'
import { readPassword } from './password.ts'

const unknown = (name: UserName): Error =>
  new Error(`there is no user ${name}; "proxypypi user list" shows all`)

const requireUser = async ({ users }: Accounts, name: UserName): Promise<void> => {
  if ((await users.get(name)) === undefined) throw unknown(name)
}

const add: Action = async (accounts, operands, invocation) => {
  const name = userIn(operands)
  const publish = publishOf(invocation) ?? []
  const taken = new Error(
    `there is a user ${name} already; "proxypypi user change" and "passwd" change one`,
  )
  if ((await accounts.users.get(name)) !== undefined) throw taken
  const password = await readPassword(invocation, name)
  const done = await accounts.users.add(name, { password, publish })
  if (done === undefined) throw taken
  print(`user ${name} added, ${rightsOf(publish)}`)
  return done
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
  print(`password of ${name} changed; its tokens stay valid`)
  return done
}

const list: Action = async ({ users }, operands, invocation) => {
  if (operands.length > 0) throw new UsageError('user list takes no name')
  for (const { name, publish, created } of await users.list())
    print(
      isSet(invocation, 'json') ?
        JSON.stringify({ name, publish, created })
      : `${name.padEnd(24)} ${created.slice(0, 10)}  ${rightsOf(publish)}`,
    )
  return undefined
}

const remove: Action = async (accounts, operands) => {
  const name = userIn(operands)
  const done = await accounts.remove(name)
  if (done === undefined) throw unknown(name)
  print(`user ${name} removed, with all tokens`)
  if ((await accounts.users.list()).length === 0)
    print('no user is left, so nobody can publish: "proxypypi user add" adds one')
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
    'with all tokens. A user may read everything and publish the projects that --publish names ' +
    "('*': all; without it, none). The password is asked for on the terminal, or read from " +
    'standard input with --password-stdin. A running server knows at once. From the first user on, ' +
    'nobody can publish without credentials. Exits with 1 when there is no such user, or one ' +
    'already.',
  examples: [
    ["proxypypi user add alice --publish '*'", 'may publish everything'],
    ["proxypypi user change ci --publish 'acme-*'", 'may publish projects of these names only'],
    ['proxypypi user passwd alice', 'another password'],
  ],
  execute: invocation => execute(invocation, actions),
}
