import t from 'tap'
import { readToken, tokenId, writeToken, type TokenId } from '../../src/spec/token.ts'

const id = '0123456789abcdef' as TokenId
const secret = `-_${'a'.repeat(40)}Z`

t.test('a token is read as it was written, and is safe in a URL', async t => {
  const text = writeToken({ id, secret })
  t.equal(text, `pypp-${id}-${secret}`)
  t.same(readToken(text), { id, secret })
  t.equal(encodeURIComponent(text), text)
})

t.test('anything else is no token', async t => {
  const text = writeToken({ id, secret })
  for (const wrong of [
    '',
    'pypp-',
    text.slice(1),
    text.slice(0, -1),
    `${text}a`,
    `${text}\n`,
    ` ${text}`,
    text.toUpperCase(),
    text.replace('Z', '/'),
    text.replace('pypp', 'pypi'),
  ])
    t.equal(readToken(wrong), undefined, wrong)
})

t.test('an id is safe as a file name', async t => {
  t.equal(tokenId(id), id)
  for (const wrong of ['', '../x', id.toUpperCase(), `${id}0`, id.slice(1), `${id}\n`])
    t.equal(tokenId(wrong), undefined)
})
