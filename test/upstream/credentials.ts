import t from 'tap'
import {
  basicAuthorization,
  splitCredentials,
  withoutCredentials,
} from '../../src/upstream/credentials.ts'

t.test('a URL is shown without userinfo, query and fragment (U50, X15)', async t => {
  t.equal(withoutCredentials('https://u:p@a.example:1/b/?token=c#d'), 'https://a.example:1/b/')
  t.equal(withoutCredentials(new URL('http://a.example')), 'http://a.example/')
})

t.test('userinfo is taken out and decoded (CL-62)', async t => {
  const given = new URL('https://us%40er:p%3Aw%25%zz@a.example/simple/')
  const { url, credentials } = splitCredentials(given)
  t.equal(url.href, 'https://a.example/simple/')
  t.strictSame(credentials, { username: 'us@er', password: 'p%3Aw%25%zz' })
  t.strictSame(splitCredentials(new URL('https://token@a.example/')).credentials, {
    username: 'token',
    password: '',
  })
  t.equal(splitCredentials(new URL('https://a.example/')).credentials, undefined)
  t.equal(basicAuthorization({ username: 'é', password: 'x' }), 'Basic w6k6eA==')
})
