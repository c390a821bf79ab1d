import t from 'tap'
import { Ahead } from '../../src/routes/ahead.ts'
import type { Index, Project } from '../../src/index/index.ts'
import { makeWheel } from '../fixtures/dist.ts'
import { listing } from '../fixtures/listing.ts'
import { fetched, plain, proxied } from '../fixtures/proxied.ts'
import { deferred } from '../http/fixtures/deferred.ts'

const metadata = (...requires: string[]) =>
  Buffer.from(
    [
      'Metadata-Version: 2.1',
      'Name: demo',
      ...requires.map(requirement => `Requires-Dist: ${requirement}`),
      '',
      'Requires-Dist: in-the-description',
      '',
    ].join('\n'),
  )

const turn = () => new Promise(resolve => setImmediate(resolve))

/** An index that answers when it is told to, and who was asked for. */
const slowIndex = () => {
  const asked: string[] = []
  const answers: ReturnType<typeof deferred>[] = []
  const project = async (name: string): Promise<Project | undefined> => {
    asked.push(name)
    const answer = deferred()
    answers.push(answer)
    await answer.promise
    if (name === 'second') throw new Error('upstream is down')
    return undefined
  }
  return { asked, answers, index: { project } as unknown as Index }
}

t.test('what is required everywhere is asked for, two at once and each once', async t => {
  const { asked, answers, index } = slowIndex()
  const ahead = new Ahead()
  ahead.look(
    index,
    metadata(
      'First>=1.0,<2',
      'second[extra] (~=1.0)',
      'never; python_version < "3"',
      'an-extra ; extra == "test"',
      'elsewhere @ https://example.org/elsewhere.zip',
      '../../etc/passwd',
      'first',
      'third',
      'Fo_ur',
    ),
  )
  t.same(asked, [], 'not before the client has its answer')
  await turn()
  t.same(asked, ['first', 'second'])
  answers[0]?.resolve()
  await turn()
  t.same(asked, ['first', 'second', 'third'])
  answers[1]?.resolve()
  await turn()
  t.same(asked, ['first', 'second', 'third', 'fo-ur'], 'a failure is nobody’s')
  for (const answer of answers) answer.resolve()
  await ahead.close()
})

t.test('when the server stops nothing more is asked for', async t => {
  const { asked, answers, index } = slowIndex()
  const ahead = new Ahead()
  ahead.look(index, metadata('one', 'two', 'three'))
  await turn()
  let isClosed = false
  const closing = ahead.close().then(() => (isClosed = true))
  await turn()
  t.notOk(isClosed, 'what is under way is waited for')
  for (const answer of answers) answer.resolve()
  await closing
  ahead.look(index, metadata('four'))
  await turn()
  t.same(asked, ['one', 'two'])
})

t.test('of very many requirements some are asked for', async t => {
  const { asked, index } = slowIndex()
  const ahead = new Ahead()
  ahead.look(index, metadata(...Array.from({ length: 4000 }, (_, at) => `many-${at}`)))
  await turn()
  t.equal(asked.length, 2)
})

t.test('a resolver finds the pages of what a release requires already there', async t => {
  const { served, upstream } = await proxied(t, { settings: { private: ['secret'] } })
  const wheel = makeWheel({ name: 'demo', version: '1.0', requires: ['six', 'secret', 'gone'] })
  upstream.project('demo', [{ ...plain(wheel), metadata: wheel.metadata }])
  upstream.project('six', [plain(makeWheel({ name: 'six', version: '1.0' }))])
  await listing(served.url, 'demo')
  const path = `${upstream.path(wheel.filename)}.metadata`
  t.equal((await fetched(served, path)).status, 200)
  while (upstream.count(upstream.page('gone')) === 0) await turn()
  t.equal((await listing(served.url, 'six')).names.length, 1)
  t.equal(upstream.count(upstream.page('six')), 1, 'asked once, and ahead')
  t.equal(upstream.count(upstream.page('secret')), 0, 'a private name never leaves')
  await upstream.down()
  t.equal((await fetched(served, path)).cache, 'hit')
  t.equal((await served.get('simple/gone/')).status, 404, 'that it is missing is known, too')
})
