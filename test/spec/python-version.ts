import t from 'tap'
import { pythonVersion } from '../../src/spec/python-version.ts'
import { filenameOf } from '../fixtures/index-contract.ts'

t.test('the Python that an upload form names', async t => {
  for (const [filename, version] of [
    ['hello-1.0.tar.gz', 'source'],
    ['hello-1.0.zip', 'source'],
    ['hello-1.0-py2.py3-none-any.whl', 'py2.py3'],
    ['hello-1.0-1-cp311-cp311-linux_x86_64.whl', 'cp311'],
    ['hello-1.0-py2.7.egg', '2.7'],
    ['hello-1.0-py3.11-linux-x86_64.egg', '3.11'],
    ['hello-1.0-py27.egg', '27'],
    ['hello-1.0.win32-py2.7.exe', '2.7'],
    ['hello-1.0.win32.exe', 'any'],
    ['hello-1.0.linux-x86_64.tar.gz', 'any'],
    ['hello-1.0-1.noarch.rpm', 'any'],
  ] as const)
    t.equal(pythonVersion(filenameOf(filename)), version, filename)
})
