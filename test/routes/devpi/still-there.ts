/** Indexes that are deleted while something is put into them (fault P32). */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { IndexConfigs } from '../../../src/accounts/index-configs.ts'
import { Layout } from '../../../src/disk/layout.ts'
import { requireStillThere } from '../../../src/routes/devpi/still-there.ts'
import { newIndexConfig } from '../../../src/spec/index-config.ts'
import { rootIndex } from '../../../src/spec/index-name.ts'
import { indexOf, noErase, openAccounts, putUser, user } from '../../accounts/fixtures/accounts.ts'
import { drop } from '../../fixtures/indexes.ts'

t.test('what came too late goes with the index, and stays in one that is there', async t => {
  const directory = t.testdir()
  const layout = new Layout(directory)
  const configs = new IndexConfigs(layout)
  await putUser(directory, 'alice', 'secret')
  const name = indexOf('alice/dev')
  const check = () => requireStillThere({ configs, layout }, { name })
  const put = () => drop(join(directory, '@alice', 'dev'), 'acme/acme-1.0.tar.gz', Buffer.from('x'))
  const isLeft = () => existsSync(join(directory, '@alice', 'dev', 'acme'))
  await configs.create(name, newIndexConfig(user('alice'), {}))
  await put()
  await check()
  t.ok(isLeft())
  await t.rejects(configs.remove(name, () => Promise.reject(new Error('killed'))))
  await t.rejects(check(), { status: 404, message: 'alice/dev was deleted meanwhile' })
  t.ok(isLeft(), 'whoever finishes the deletion takes it along')
  await configs.remove(name, noErase)
  await t.rejects(check(), /deleted meanwhile/)
  t.notOk(existsSync(join(directory, '@alice')))
  await requireStillThere({ configs, layout }, { name: rootIndex })
})

t.test('the next index of the name is left alone', async t => {
  const directory = t.testdir()
  const layout = new Layout(directory)
  const { indexes: configs } = openAccounts(directory)
  await putUser(directory, 'alice', 'secret')
  const name = indexOf('alice/dev')
  const config = newIndexConfig(user('alice'), {})
  await configs.create(name, config)
  await configs.remove(name, noErase)
  await configs.create(name, config)
  await drop(join(directory, '@alice', 'dev'), 'acme/acme-1.0.tar.gz', Buffer.from('x'))
  await requireStillThere({ configs, layout }, { name })
  t.ok(existsSync(join(directory, '@alice', 'dev', 'acme')))
})
