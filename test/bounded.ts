import t from 'tap'
import { bounded } from '../src/bounded.ts'

t.test('the entries used last stay, so many at most', async t => {
  const cache = bounded<string, number>(2)
  cache.set('a', 1).set('b', 2)
  t.equal(cache.get('a'), 1)
  cache.set('c', 3)
  t.same([...cache.keys()].toSorted(), ['a', 'c'])
  t.equal(cache.get('b'), undefined)
})
