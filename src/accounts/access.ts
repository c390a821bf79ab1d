import { oneLine } from '../log.ts'
import { matches } from '../spec/pattern.ts'
import type { Name } from '../spec/project-name.ts'
import type { TokenId } from '../spec/token.ts'
import type { UserName } from '../spec/user-name.ts'
import { forbidden, unauthorized } from './access-error.ts'
import type { Accounts, Credentials, Identity, Login } from './accounts.ts'
import { isForeign, isLocal, type Caller } from './caller.ts'
import { hasRight, type Right, type RightsRules, type Subject } from './rights.ts'

/** Who asks, and what that one may do. */
export interface Visitor {
  /** Undefined: nobody in particular. */
  readonly user: UserName | undefined
  readonly token?: TokenId | undefined
  /** Patterns of the names of projects that may be published in the root index; all of these lists must agree. */
  readonly publish: readonly (readonly string[])[]
  /** Patterns of the projects that the token is limited to; undefined: no limit. */
  readonly limit?: readonly string[] | undefined
  /** What became of the credentials. */
  readonly login: 'none' | 'ok' | 'wrong'
  /** Somebody at this machine, as long as root has its empty password. */
  readonly isOpenHouse: boolean
}

/** Somebody without credentials, who may read where anyone may. */
export const anonymous: Visitor = {
  user: undefined,
  publish: [[]],
  login: 'none',
  isOpenHouse: false,
}

// Until there are users, whoever sits at this machine may do everything.
const operator: Visitor = { ...anonymous, publish: [['*']] }

const known = ({ user, publish, token }: Identity, isOpenHouse = false): Visitor => {
  const limit = token?.publish
  return {
    user,
    token: token?.id,
    publish: limit === undefined ? [publish] : [publish, limit],
    limit,
    login: 'ok',
    isOpenHouse,
  }
}

/** What may be limited: who may read, and from where writing needs no user. */
export interface AccessRules extends RightsRules {
  /** The address that the server listens on. */
  readonly bind: string
}

const noUsers =
  'no users yet: the operator adds one with "proxypypi user add NAME --publish PATTERN"; until then only a server that listens on its own machine alone takes uploads, from there and without a proxy between'
const wrong = 'wrong user, password or token, or a token that is revoked or expired'
const needed = 'a user name and a password are needed here, or __token__ and a token'

/** The rules about who may do what. Its errors carry the status and the headers that clients need. */
export class Access {
  readonly read: 'anyone' | 'users'
  readonly #rules: AccessRules
  readonly #accounts: Accounts

  constructor(accounts: Accounts, rules: AccessRules) {
    this.#accounts = accounts
    this.#rules = rules
    this.read = rules.read
  }

  /**
   * Who asks. Wrong credentials are an error even where none are needed (CL-64); until there are
   * users none can be right or wrong, and they are ignored, since some clients always send some.
   * @throws {AccessError} 401 for wrong ones, 429 after too many
   */
  async visitor(caller: Caller): Promise<Visitor> {
    if (!this.#accounts.users.haveExisted) return this.#isLocal(caller) ? operator : anonymous
    if (caller.credentials === undefined) return anonymous
    const identity = await this.#identify(caller)
    if (identity === undefined) throw unauthorized(wrong)
    return known(identity)
  }

  /**
   * Who asks through devpi's interface, where wrong credentials are as good as none (devpi-api 4).
   * @throws {AccessError} 429 after too many wrong ones
   */
  async devpiVisitor(caller: Caller): Promise<Visitor> {
    const isOpenHouse = this.#isLocal(caller) && (await this.#accounts.isRootOpen())
    if (caller.credentials === undefined) return { ...anonymous, isOpenHouse }
    const identity = await this.#identify(caller)
    if (identity === undefined) return { ...anonymous, login: 'wrong', isOpenHouse }
    return known(identity, isOpenHouse)
  }

  /**
   * What `devpi login` asks for; undefined for a wrong password. The caller's own credentials do not
   * matter.
   * @throws {AccessError} 429 after too many wrong ones
   */
  login(credentials: Credentials, caller: Caller): Promise<Login | undefined> {
    const { address } = caller
    return this.#accounts.login(credentials, { address, isLocal: this.#isLocal(caller) })
  }

  /** True when a visitor of devpi's interface has a right (devpi-api 5). */
  may(right: Right, visitor: Visitor, subject: Subject = {}): boolean {
    return hasRight(right, visitor, subject, this.#rules)
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

  #isLocal(caller: Caller): boolean {
    return isLocal(caller, this.#rules.bind)
  }

  async #identify(caller: Caller): Promise<Identity | undefined> {
    const { credentials, address } = caller
    if (credentials === undefined || credentials === 'unreadable') return undefined
    return this.#accounts.identify(credentials, { address, isLocal: this.#isLocal(caller) })
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
