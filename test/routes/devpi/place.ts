import t from 'tap'
import { placeOf } from '../../../src/routes/devpi/place.ts'

const kindOf = (path: string) =>
  placeOf(path.split('/').filter(segment => segment !== ''))?.kind ?? 'none'

t.test('what a path names (devpi-api 2)', async t => {
  for (const [path, kind] of [
    ['/', 'users'],
    ['/+api', 'api'],
    ['/alice/+api', 'api'],
    ['/alice/dev/+api', 'api'],
    ['/+login', 'login'],
    ['/+status', 'status'],
    ['/+authcheck', 'authcheck'],
    ['/alice', 'user'],
    ['/alice/dev', 'index'],
    ['/alice/dev/+simple', 'simple'],
    ['/alice/dev/+simple/six', 'simple'],
    ['/alice/dev/+simple/six/refresh', 'refresh'],
    ['/alice/dev/+f/abc/def/six.whl', 'file'],
    ['/alice/dev/+e/https_x/six.whl', 'file'],
    ['/alice/dev/six', 'project'],
    ['/alice/dev/six/1.0', 'version'],
    ['/alice/dev/six/1.0+cpu', 'version'],
    ['/alice/dev/six/1.0/+d/index.html', 'docs'],
    ['/alice/dev/six/1.0/+doc/a/b.html', 'docs'],
    // Names have no plus sign.
    ['/+nothing', 'none'],
    ['/+api/x', 'none'],
    ['/a+b', 'none'],
    ['/alice/a+b', 'none'],
    ['/alice/+login', 'none'],
    ['/alice/+api/x', 'none'],
    ['/alice/dev/a+b', 'none'],
    ['/alice/dev/+x', 'none'],
    ['/alice/dev/+f', 'none'],
    ['/alice/dev/+api/x', 'none'],
    ['/alice/dev/+simple/six/other', 'none'],
    ['/alice/dev/+simple/six/refresh/x', 'none'],
    ['/alice/dev/six/+doc', 'none'],
    ['/alice/dev/six/1.0/other', 'none'],
  ] as const)
    t.equal(kindOf(path), kind, path)
})

t.test('the parts of a path', async t => {
  t.same(placeOf(['alice', 'dev', 'six', '1.0']), {
    kind: 'version',
    user: 'alice',
    index: 'dev',
    rest: ['six', '1.0'],
  })
})
