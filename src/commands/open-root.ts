import { isLoopback } from '../accounts/caller.ts'
import { Layout } from '../disk/layout.ts'
import { statsOf } from '../disk/stamp.ts'
import type { Settings } from '../settings.ts'
import { complain } from './command.ts'

/**
 * Complains when there are users and yet whoever sits at this machine may be root without a password.
 * It never throws: what keeps it from looking, the server meets, too.
 */
export const warnOfOpenRoot = async ({ directory, bind }: Settings): Promise<void> => {
  const layout = new Layout(directory)
  if (!isLoopback(bind) || statsOf(layout.users) === undefined) return
  const { Users } = await import('../accounts/users.ts')
  const users = await new Users(layout).list().catch(() => [])
  const isOpen = users.some(({ name, password }) => name === 'root' && password === '')
  if (isOpen && users.length > 1)
    complain(
      'root has no password, so everybody on this machine may change users and indexes: set one with "proxypypi user passwd root"',
    )
}
