import t, { type Test } from 'tap'
import { Users } from '../../src/accounts/users.ts'
import { warnOfOpenRoot } from '../../src/commands/open-root.ts'
import { Layout } from '../../src/disk/layout.ts'
import { putUser, user } from '../accounts/fixtures/accounts.ts'
import { settingsFor } from '../fixtures/settings.ts'

const warning = async (t: Test, directory: string, bind = '127.0.0.1') => {
  const written = t.capture(process.stderr, 'write', () => true)
  await warnOfOpenRoot(settingsFor(directory, { bind }))
  written.restore()
  return written.args().join('')
}

t.test('who has users is told that root needs a password', async t => {
  const directory = t.testdir()
  const users = new Users(new Layout(directory))
  t.equal(await warning(t, directory), '', 'a clean machine')
  await users.change(user('root'), { publish: ['*'] })
  t.equal(await warning(t, directory), '', 'nobody else is there')
  await putUser(directory, 'alice', 'secret')
  t.match(await warning(t, directory), /^proxypypi: root has no password, .*user passwd root"\n$/)
  t.equal(await warning(t, directory, '0.0.0.0'), '', 'there root cannot sign in')
  await users.closeRoot()
  t.equal(await warning(t, directory), '')
})
