import t from 'tap'
import { UsageError } from '../../src/options.ts'
import { pypicache } from '../../src/presets/pypicache.ts'

const argvOf = async (...argv: string[]) => {
  const translated = await pypicache(argv)
  return 'argv' in translated ? translated.argv : []
}

t.test('one directory serves on 8080 (C13)', async t => {
  t.same(await argvOf('/tmp/mypackages'), ['run', '--cache=/tmp/mypackages', '--port=8080'])
})

t.test('every flag of the original is understood (promises 2.1)', async t => {
  const flags = ['--address', '0.0.0.0', '--port=81', '--processes', '3', '--debug', '--reload']
  t.same(await argvOf(...flags, '--upstream', 'http://simple.example/', 'x'), [
    'run',
    '--cache=x',
    '--port=81',
    '--bind=0.0.0.0',
    '--index-url=http://simple.example/',
    '--workers=3',
    '--log-level=debug',
  ])
  t.same(
    await argvOf('--upstream', 'http://pypi.python.org/', 'x'),
    ['run', '--cache=x', '--port=8080'],
    'its default host is no more',
  )
})

t.test('help, and what it did not know either', async t => {
  t.match(await pypicache(['-h']), { text: /^Usage: pypicache/ })
  for (const argv of [[], ['a', 'b'], ['--offline', 'a'], ['--port']]) {
    const error: unknown = await pypicache(argv).catch((error: unknown) => error)
    t.ok(error instanceof UsageError, argv.join(' '))
  }
})
