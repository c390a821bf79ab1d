import { oneLine } from '../log.ts'
import { matches } from '../spec/pattern.ts'
import type { Name } from '../spec/project-name.ts'
import type { TokenId } from '../spec/token.ts'
import type { UserName } from '../spec/user-name.ts'
import { forbidden, unauthorized } from './access-error.ts'
import type { Accounts } from './accounts.ts'
import { isForeign, isLocal, type Caller } from './caller.ts'

/** Who asks, and what that one may do. */
export interface Visitor {
  /** Undefined: nobody in particular. */
  readonly user: UserName | undefined
  readonly token?: TokenId | undefined
  /** Patterns of the names of projects that may be published; all of these lists must agree. */
  readonly publish: readonly (readonly string[])[]
}

/** Somebody without credentials, who may read where anyone may. */
export const anonymous: Visitor = { user: undefined, publish: [[]] }

// Until there are users, whoever sits at this machine may do everything.
const operator: Visitor = { user: undefined, publish: [['*']] }

/** What may be limited: who may read, and from where writing needs no user. */
export interface AccessRules {
  readonly read: 'anyone' | 'users'
  /** The address that the server listens on. */
  readonly bind: string
}

const noUsers =
  'no users yet: the operator adds one with "proxypypi user add NAME --publish PATTERN"; until then only clients on this machine may publish, without a proxy between'
const wrong = 'wrong user, password or token, or a token that is revoked or expired'
const needed = 'a user name and a password are needed here, or __token__ and a token'

/** The rules about who may do what. Its errors carry the status and the headers that clients need. */
export class Access {
  readonly read: 'anyone' | 'users'
  readonly #bind: string
  readonly #accounts: Accounts

  constructor(accounts: Accounts, { read, bind }: AccessRules) {
    this.#accounts = accounts
    this.read = read
    this.#bind = bind
  }

  /**
   * Who asks. Wrong credentials are an error even where none are needed (CL-64); until there are
   * users none can be right or wrong, and they are ignored, since some clients always send some.
   * @throws {AccessError} 401 for wrong ones, 429 after too many
   */
  async visitor(caller: Caller): Promise<Visitor> {
    if (!this.#accounts.users.haveExisted) return isLocal(caller, this.#bind) ? operator : anonymous
    const { credentials, address } = caller
    if (credentials === undefined) return anonymous
    const identity =
      credentials === 'unreadable' ? undefined : await this.#accounts.identify(credentials, address)
    if (identity === undefined) throw unauthorized(wrong)
    const { user, publish, token } = identity
    const limit = token?.publish
    return { user, token: token?.id, publish: limit === undefined ? [publish] : [publish, limit] }
  }

  /** Throws 401 unless this visitor may read. */
  requireRead({ user }: Visitor): void {
    if (this.read === 'users' && user === undefined) throw this.#unknown()
  }

  /**
   * Throws unless this visitor may publish a project and change what was published of it; without
   * a name, unless there may be any such project: 401 for nobody in particular, 403 for a user.
   */
  requirePublish(visitor: Visitor, name?: Name): void {
    if (visitor.publish.every(patterns => mayPublish(patterns, name))) return
    throw visitor.user === undefined ? this.#unknown() : forbidden(refusal(visitor, name))
  }

  /** Throws 403 for what a page of another site has a browser do; for requests that change something. */
  requireOwnSite(caller: Caller): void {
    if (!isForeign(caller)) return
    const from = oneLine(caller.origin ?? 'another site').slice(0, 200)
    throw forbidden(
      `a page of ${from} may not change anything here: send the request without Origin`,
    )
  }

  #unknown() {
    return unauthorized(this.#accounts.users.haveExisted ? needed : noUsers)
  }
}

const mayPublish = (patterns: readonly string[], name: Name | undefined): boolean =>
  name === undefined ? patterns.length > 0 : patterns.some(pattern => matches(pattern, name))

const refusal = ({ user, token, publish }: Visitor, name: Name | undefined): string => {
  const [own = [], limit] = publish
  const what = name ?? 'anything'
  if (token !== undefined && limit !== undefined && mayPublish(own, name))
    return `this token of ${user} may not publish ${what}, only ${limit.join(', ')}: make another with "proxypypi token create ${user} --publish ${name ?? 'PATTERN'}"`
  const allowed = own.length === 0 ? 'it may only read' : `only ${own.join(', ')}`
  return `user ${user} may not publish ${what}, ${allowed}: the operator changes that with "proxypypi user change ${user} --publish ${name ?? 'PATTERN'}"`
}
