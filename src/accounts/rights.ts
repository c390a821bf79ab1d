import type { IndexConfig } from '../spec/index-config.ts'
import { splitIndexName, type IndexName } from '../spec/index-name.ts'
import { matches } from '../spec/pattern.ts'
import type { Name } from '../spec/project-name.ts'
import { rootUser, type UserName } from '../spec/user-name.ts'

/** What somebody may or may not do through devpi's interface (devpi-api 5). */
export type Right =
  | 'user_create'
  | 'user_modify'
  | 'user_modify_password'
  | 'user_delete'
  | 'index_create'
  | 'index_modify'
  | 'index_delete'
  | 'upload'
  | 'toxresult_upload'
  | 'del_entry'
  | 'del_project'
  | 'del_verdata'
  | 'pkg_read'

/** What it would be done to. */
export interface Subject {
  /** The user that is made or changed, or whose index is made; without one the owner of the index. */
  readonly user?: UserName | undefined
  readonly index?: IndexName | undefined
  /** The settings of the index. */
  readonly config?: IndexConfig | undefined
  /** The one project that it is about, for tokens that are limited to some. */
  readonly project?: Name | undefined
}

/** Who wants to. */
export interface Actor {
  /** Undefined: nobody in particular. */
  readonly user: UserName | undefined
  /** A token from `proxypypi token create` was used. */
  readonly token?: string | undefined
  /** Patterns of the projects that the token is limited to; undefined: no limit. */
  readonly limit?: readonly string[] | undefined
  /** Whoever sits at this machine, as long as root has no password. */
  readonly isOpenHouse: boolean
}

/** The settings that rights depend on. */
export interface RightsRules {
  /** Who may read where an index does not say. */
  readonly read: 'anyone' | 'users'
  /** Users and groups that alone may change users and indexes; root is not implied. Undefined: each their own, and root all. */
  readonly restrictModify?: readonly string[] | undefined
}

type Principals = readonly string[]

/** Everybody whom a right belongs to. */
interface Question {
  /** The user meant by the subject. */
  readonly owner: UserName | undefined
  readonly config: IndexConfig | undefined
  readonly rules: RightsRules
  readonly isOpenHouse: boolean
}

const anybody = ':ANONYMOUS:'
const known = ':AUTHENTICATED:'

const list = (user: UserName | undefined): Principals => (user === undefined ? [] : [user])

/** Those who may change anything where changes are restricted, else root and whoever owns it. */
const keepers = ({ owner, rules }: Question): Principals =>
  rules.restrictModify ?? [rootUser, ...list(owner)]

const creators = ({ rules, isOpenHouse }: Question): Principals =>
  rules.restrictModify ?? (isOpenHouse ? [anybody] : [rootUser])

const uploaders = ({ config }: Question): Principals =>
  config?.type === 'stage' ? config.acl_upload : []

const cleaners = (question: Question): Principals => [...uploaders(question), ...keepers(question)]

const testers = ({ config }: Question): Principals =>
  config?.type === 'stage' ? config.acl_toxresult_upload : [anybody]

const readers = (question: Question): Principals => {
  const { config, owner, rules } = question
  if (config?.acl_read !== undefined)
    return [...config.acl_read, ...list(owner), ...keepers(question)]
  return [rules.read === 'anyone' ? anybody : known]
}

const holders: Readonly<Record<Right, (question: Question) => Principals>> = {
  user_create: creators,
  user_modify: keepers,
  user_modify_password: question => [...list(question.owner), ...keepers(question)],
  user_delete: keepers,
  index_create: keepers,
  index_modify: keepers,
  index_delete: keepers,
  upload: uploaders,
  toxresult_upload: testers,
  del_entry: cleaners,
  del_project: cleaners,
  del_verdata: cleaners,
  pkg_read: readers,
}

const publishing: ReadonlySet<Right> = new Set<Right>([
  'upload',
  'toxresult_upload',
  'del_entry',
  'del_project',
  'del_verdata',
])

const isWithin = (limit: readonly string[], project: Name | undefined): boolean =>
  project === undefined ? limit.length > 0 : limit.some(pattern => matches(pattern, project))

// A token stands in scripts; who finds one must not become its owner.
const tokenMay = (right: Right, { limit }: Actor, { project }: Subject): boolean => {
  if (right.startsWith('user_') || right.startsWith('index_')) return false
  return limit === undefined || !publishing.has(right) || isWithin(limit, project)
}

// Nobody removes root, and under restriction nobody removes the own user.
const isSpared = (
  right: Right,
  actor: Actor,
  owner: UserName | undefined,
  { restrictModify }: RightsRules,
): boolean =>
  right === 'user_delete' &&
  (owner === rootUser || (restrictModify !== undefined && owner === actor.user))

const isOneOf = ({ user }: Actor, principals: Principals): boolean =>
  principals.includes(anybody) ||
  (user !== undefined && (principals.includes(known) || principals.includes(user)))

/**
 * True when somebody has a right. Groups beside `:ANONYMOUS:` (everybody) and `:AUTHENTICATED:` have
 * no members here.
 */
export const hasRight = (
  right: Right,
  actor: Actor,
  subject: Subject,
  rules: RightsRules,
): boolean => {
  const { index, config } = subject
  const owner = index === undefined ? subject.user : splitIndexName(index).user
  if (isSpared(right, actor, owner, rules)) return false
  const { isOpenHouse } = actor
  const principals = holders[right]({ owner, config, rules, isOpenHouse })
  if (actor.token !== undefined && !tokenMay(right, actor, subject))
    // Whoever has run the tests may tell; a token need not keep anybody from what strangers may.
    return right === 'toxresult_upload' && principals.includes(anybody)
  return isOneOf(actor, principals)
}
