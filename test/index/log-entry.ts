import t from 'tap'
import {
  overwriting,
  pushed,
  readHistory,
  shownHistory,
  uploaded,
} from '../../src/index/log-entry.ts'

const at = new Date('2026-11-20T14:24:19.500Z')

t.test('a history is shown as devpi shows it', async t => {
  const first = uploaded('alice', 'alice/dev', at)
  const second = pushed(first, { who: undefined, src: 'alice/dev', dst: 'alice/prod' }, at)
  t.same(shownHistory(second), [
    { what: 'upload', who: 'alice', when: [2026, 11, 20, 14, 24, 19], dst: 'alice/dev' },
    {
      what: 'push',
      who: null,
      when: [2026, 11, 20, 14, 24, 19],
      src: 'alice/dev',
      dst: 'alice/prod',
    },
  ])
})

t.test('bytes in place of others say so first, and count', async t => {
  const once = overwriting(uploaded('a', 'a/b', at), uploaded('b', 'a/b', at), at)
  t.match(once, [
    { what: 'overwrite', count: 1 },
    { what: 'upload', who: 'b' },
  ])
  t.equal(once.length, 2)
  const twice = overwriting(once, once, at)
  t.match(twice, [{ what: 'overwrite', count: 2 }, { what: 'upload' }])
  t.equal(twice.length, 2, 'one such entry')
  t.same(overwriting(undefined, once), once, 'in place of nothing')
  t.match(overwriting([], once, at), [{ count: 1 }], 'in place of what a person put there')
})

t.test('what is kept is read again, what is broken passed over (S20)', async t => {
  const history = pushed(uploaded('a', 'a/b', at), { src: 'a/b', dst: 'a/c' }, at)
  t.same(readHistory(JSON.parse(JSON.stringify(history))), history)
  const broken = [null, 1, 'x', {}, { what: 'theft', when: at }, { what: 'push', when: 'soon' }]
  t.same(readHistory(broken), [])
  t.same(readHistory({ length: 1 }), [])
  t.same(readHistory(undefined), [])
  t.same(readHistory([{ what: 'upload', when: at.toISOString(), who: 1, count: 'x' }]), [
    { what: 'upload', when: at.toISOString() },
  ])
})

t.test('a history is bounded', async t => {
  let history = uploaded('a', 'a/b', at)
  for (let count = 0; count < 300; count++)
    history = pushed(history, { src: 'a/b', dst: 'a/c' }, at)
  t.equal(history.length, 200)
  t.equal(readHistory([...history, ...history]).length, 200)
})
