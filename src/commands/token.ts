import { isExpired, type Token } from '../accounts/tokens.ts'
import { oneLine } from '../log.ts'
import { UsageError } from '../options.ts'
import { tokenId } from '../spec/token.ts'
import { complain, print, type Command } from './command.ts'
import { execute, expiryOf, publishOf, rightsOf, userIn, type Action } from './open-accounts.ts'
import { isSet } from './open-cache.ts'

const create: Action = async ({ users, tokens }, [given, ...words], invocation) => {
  const name = userIn(given === undefined ? [] : [given])
  const publish = publishOf(invocation)
  const expires = expiryOf(invocation, Date.now())
  const note = words.length === 0 ? undefined : oneLine(words.join(' ')).slice(0, 200)
  const owner = await users.get(name)
  if (owner === undefined)
    throw new Error(`there is no user ${name}; "proxypypi user add" adds one`)
  const { text, change } = await tokens.create(owner, { publish, expires, note })
  if (isSet(invocation, 'json')) {
    print(JSON.stringify({ id: change.token, user: name, token: text, expires: change.expires }))
    return change
  }
  // Alone on standard output, for scripts.
  print(text)
  const limit = publish === undefined ? `may do what ${name} may` : rightsOf(publish)
  const end = change.expires === undefined ? 'for ever' : `until ${change.expires}`
  complain(`token ${change.token} ${limit}, ${end}; it is shown only this once`)
  return change
}

const line = ({ id, user, publish, expires, note }: Token, isVoid: boolean): string => {
  const end = expires === undefined ? 'never expires' : `expires ${expires.slice(0, 10)}`
  const limit = publish === undefined ? `may do what ${user} may` : rightsOf(publish)
  return `${id} ${user.padEnd(16)} ${isVoid ? 'expired' : end}  ${limit}${note === undefined ? '' : `  ${oneLine(note)}`}`
}

const order = ({ user, created }: Token): string => `${user} ${created}`

const list: Action = async ({ tokens }, operands, invocation) => {
  const only = operands.length === 0 ? undefined : userIn(operands)
  const now = Date.now()
  const all = await tokens.list()
  for (const token of all.toSorted((a, b) => (order(a) < order(b) ? -1 : 1))) {
    const { id, user, publish, created, expires, note } = token
    if (only !== undefined && user !== only) continue
    const expired = isExpired(token, now)
    print(
      isSet(invocation, 'json') ?
        JSON.stringify({ id, user, publish, created, expires, expired, note })
      : line(token, expired),
    )
  }
  return undefined
}

const revoke: Action = async ({ tokens }, operands) => {
  const [given = '', ...more] = operands
  const id = tokenId(given)
  if (id === undefined || more.length > 0)
    throw new UsageError('token revoke needs the ID of a token, as "proxypypi token list" shows it')
  const done = await tokens.revoke(id)
  if (done === undefined)
    throw new Error(`there is no token ${id}; "proxypypi token list" shows all`)
  print(`token ${id} of ${done.user} revoked`)
  return done
}

const actions = new Map<string, Action>([
  ['create', create],
  ['list', list],
  ['revoke', revoke],
])

/** Limited ways for a user to sign in. */
export const token: Command = {
  name: 'token',
  group: 'Publishing',
  operands: 'create USER [NOTE]|list [USER]|revoke ID',
  flags: ['publish', 'expires', 'json'],
  summary: 'limited ways to sign in',
  details:
    'Creates a token for a user, lists tokens, or revokes one. Clients send a token as the password ' +
    'of the user __token__. It may do what its user may; with --publish, of that at most the ' +
    'projects named there; with --expires, only for that long. Its text is printed once and kept ' +
    'nowhere. A running server knows at once. Exits with 1 when there is no such user or token.',
  examples: [
    [
      "proxypypi token create ci --publish 'acme-*' --expires 30d",
      'for a month, for some projects',
    ],
    ['proxypypi token list ci', 'the tokens of one user'],
    ['proxypypi token revoke 0123456789abcdef', 'void from the next request on'],
  ],
  execute: invocation => execute(invocation, actions),
}
