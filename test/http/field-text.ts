import t from 'tap'
import { FieldText } from '../../src/http/field-text.ts'

t.test('a text in pieces that break characters', async t => {
  const text = new FieldText('description')
  for (const byte of Buffer.from('naïve €')) text.append(Buffer.from([byte]))
  t.equal(text.end(), 'naïve €')
  t.equal(new FieldText('empty').end(), '')
})

t.test('what is no UTF-8 is told as such (fault P20)', async t => {
  const text = new FieldText('author')
  text.append(Buffer.from('J\xf6rg', 'latin1'))
  t.equal(text.end(), 'J\ufffdrg')
})

t.test('it may be eight megabytes long, in pieces of any size (fault P07)', async t => {
  const text = new FieldText('description')
  for (let count = 0; count < 100_000; count += 1) text.append(Buffer.from('x'))
  text.append(Buffer.alloc((8 << 20) - 100_000, 'y'))
  t.throws(() => text.append(Buffer.from('z')), {
    status: 400,
    message: 'the field description is larger than 8388608 bytes',
  })
  t.equal(text.end().length, 8 << 20)
})
