import t from 'tap'
import { distFilename } from '../../src/spec/filename.ts'
import { isPackageType, packageType } from '../../src/spec/package-type.ts'

t.test('the kind of each file name on PyPI (FN-21)', async t => {
  for (const [filename, type] of [
    ['foo-1.0.tar.gz', 'sdist'],
    ['foo-1.0.zip', 'sdist'],
    ['windows-1.0.tar.bz2', 'sdist'],
    ['foo.win-1.0.tgz', 'bdist_dumb'],
    ['foo-1.0.linux-x86_64.tar.gz', 'bdist_dumb'],
    ['foo-1.0.macosx-10.6-intel.zip', 'bdist_dumb'],
    ['foo-1.0.win32.zip', 'bdist_dumb'],
    ['foo-1.0-py3-none-any.whl', 'bdist_wheel'],
    ['foo-1.0-py2.7.egg', 'bdist_egg'],
    ['foo-1.0.win32-py2.7.exe', 'bdist_wininst'],
    ['foo-1.0.win-amd64.MSI', 'bdist_msi'],
    ['foo-1.0-1.noarch.rpm', 'bdist_rpm'],
    ['foo-1.0.deb', 'bdist_dumb'],
    ['foo-1.0.dmg', 'bdist_dmg'],
  ] as const)
    t.equal(packageType(distFilename(filename)!), type, filename)
  t.ok(isPackageType('sdist'))
  t.notOk(isPackageType('conda'))
})
