import { basesOf } from '../../accounts/bases.ts'
import { foreignCheck } from '../../accounts/foreign-password.ts'
import type { IndexConfigs } from '../../accounts/index-configs.ts'
import { closedPassword } from '../../accounts/password.ts'
import type { KeptUser, Users } from '../../accounts/users.ts'
import { isSameIndexConfig, rootConfig } from '../../spec/index-config.ts'
import { rootIndex, splitIndexName } from '../../spec/index-name.ts'
import { rootUser, type UserName } from '../../spec/user-name.ts'
import type { Dump } from './dump.ts'
import type { DumpedIndex } from './dumped-index.ts'
import type { Tally } from './tally.ts'

// Of these nobody can tell whether they are of an empty password, which our library refuses to hash.
const isArgon2 = (password: string): boolean => password.startsWith('$argon2')

// An empty password has a meaning of its own here, so it must not hide in a hash.
const revealed = async (password: string): Promise<string | undefined> => {
  if (password === '') return ''
  const check = foreignCheck(password)
  if (check === undefined || isArgon2(password)) return check && password
  return (await check('')) ? '' : password
}

/** Adds a user of an export; one who is there stays as is. */
export const importUser = async (
  users: Users,
  [name, user]: readonly [UserName, KeptUser],
  tally: Tally,
): Promise<void> => {
  const password = await revealed(user.password)
  try {
    if (await users.restore(name, { ...user, password: password ?? closedPassword })) {
      tally.add('users')
      if (user.password === closedPassword)
        tally.notes.push(
          `${name} has no password in the export; set one: proxypypi user passwd ${name}`,
        )
      else if (password === undefined)
        tally.notes.push(`the password of ${name} is not understood; set another one`)
      else if (name === rootUser && isArgon2(password))
        tally.notes.push(
          'should the password of root be empty, set one: proxypypi user passwd root',
        )
    } else tally.present += 1
  } catch (error) {
    if ((error as { status?: unknown }).status !== 409) throw error
    tally.problems.push(`user ${name}: ${(error as Error).message}`)
  }
}

const noteMissingBases = async (
  configs: IndexConfigs,
  { name, config }: DumpedIndex,
  dump: Dump,
  tally: Tally,
): Promise<void> => {
  for (const base of basesOf(config)) {
    const isKnown =
      dump.indexes.some(other => other.name === base) || (await configs.get(base)) !== undefined
    if (!isKnown)
      tally.notes.push(`${name} inherits ${base}, which does not exist: change its bases`)
  }
}

/**
 * Adds an index of an export; one that is there keeps its settings.
 * @returns whether what is in it can be imported
 */
export const importIndex = async (
  { configs, users }: { configs: IndexConfigs; users: Users },
  index: DumpedIndex,
  dump: Dump,
  tally: Tally,
): Promise<boolean> => {
  const { name, config } = index
  const { user } = splitIndexName(name)
  if ((await users.get(user)) === undefined) {
    tally.problems.push(`index ${name}: there is no user ${user}`)
    return false
  }
  const isThere = configs.stamp(name) !== '-'
  const known = isThere || name === rootIndex ? await configs.get(name) : undefined
  if (isThere && known === undefined) {
    tally.problems.push(`index ${name} is being deleted: create it, or remove it again`)
    return false
  }
  if (known === undefined || (!isThere && !isSameIndexConfig(config, rootConfig))) {
    await configs.restore(name, config)
    tally.add('indexes')
    await noteMissingBases(configs, index, dump, tally)
    return true
  }
  tally.present += 1
  if (known.type !== config.type) {
    tally.problems.push(`index ${name} is a ${known.type} here, in the export a ${config.type}`)
    return false
  }
  if (!isSameIndexConfig(known, config))
    tally.notes.push(`index ${name} keeps the settings that it has here`)
  return true
}
