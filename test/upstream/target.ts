import t from 'tap'
import type { UpstreamSettings } from '../../src/settings.ts'
import { UpstreamError } from '../../src/upstream/upstream-error.ts'
import { trustOf } from '../../src/upstream/target.ts'

const settings = (url: string, fileHosts: string[] = []): UpstreamSettings => ({
  name: 'x',
  url: new URL(url),
  fileHosts,
  refresh: 1,
})

const refusal = (own: UpstreamSettings, url: string, from?: string): string | undefined => {
  try {
    trustOf(own, new URL(url), from === undefined ? undefined : new URL(from))
    return undefined
  } catch (error) {
    return error instanceof UpstreamError && error.kind === 'refused' ? error.message : undefined
  }
}

t.test('only the own origin is trusted with credentials', async t => {
  const own = settings('http://10.0.0.1:3141/simple/')
  t.equal(trustOf(own, new URL('http://10.0.0.1:3141/f')), 'own')
  t.equal(trustOf(own, new URL('https://files.example/f')), 'public')
  t.match(refusal(own, 'http://10.0.0.1:3142/f'), /file-hosts/)
})

t.test('file-hosts name a host, with or without port', async t => {
  const own = settings('http://a.example/simple/', ['Files.Local', '10.0.0.2:81', '[::1]:82'])
  for (const url of [
    'http://files.local/f',
    'http://files.local:8080/f',
    'http://10.0.0.2:81/f',
    'http://[::1]:82/',
  ])
    t.equal(trustOf(own, new URL(url)), 'named', url)
  for (const url of ['http://10.0.0.2:80/f', 'http://[::1]/']) t.match(refusal(own, url), /./, url)
})

t.test('local names and addresses are refused in every spelling', async t => {
  const own = settings('https://pypi.example/simple/')
  for (const url of [
    'https://localhost/',
    'https://a.localhost./',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::ffff:7f00:1]/',
    'https://１２７.0.0.1/',
  ])
    t.match(refusal(own, url), /./, url)
  t.match(refusal(own, 'ftp://files.example/'), /only http and https/)
})

t.test('https is never left, http may be', async t => {
  const secure = settings('https://a.example/simple/', ['b.example'])
  t.match(refusal(secure, 'http://b.example/f'), /https to http/)
  const plain = settings('http://a.example/simple/')
  t.equal(trustOf(plain, new URL('https://a.example/f')), 'named')
  t.match(refusal(plain, 'http://c.example/', 'https://b.example/'), /./)
})
