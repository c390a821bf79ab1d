import t from 'tap'
import { clearSpare, spare } from '../src/spare.ts'

t.test('memories that can be spared are emptied, and used again afterwards', async t => {
  const memory = spare(new Map([[1, 'one']]))
  const other = new Map([[1, 'one']])
  clearSpare()
  t.equal(memory.size, 0)
  t.equal(other.size, 1)
  memory.set(2, 'two')
  t.equal(memory.get(2), 'two')
  clearSpare()
  t.equal(memory.size, 0)
})
