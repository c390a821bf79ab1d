import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { hostPlatform, newestPython, readTarget } from '../spec/environment.ts'

const script =
  'import sys, sysconfig; print("%d.%d%s" % (*sys.version_info[:2], ' +
  '"t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""))'

interface Report {
  readonly header: { readonly glibcVersionRuntime?: string }
}

// The report knows what Node itself was linked with.
const isMusl = (): boolean => {
  if (process.platform !== 'linux') return false
  const report = process.report.getReport() as unknown as Report
  return report.header.glibcVersionRuntime === undefined
}

/** The platform of this machine. */
export const thisPlatform = (): string => hostPlatform(process.platform, process.arch, isMusl())

/**
 * The Python that `python3` on the PATH is, for which people mostly mean to install; the newest one
 * where there is none.
 */
export const thisPython = async (): Promise<string> => {
  const program = process.platform === 'win32' ? 'python' : 'python3'
  try {
    // Isolated, so that no module in the current directory is imported.
    const { stdout } = await promisify(execFile)(program, ['-I', '-c', script], { timeout: 10_000 })
    return readTarget(stdout.trim(), 'any').python
  } catch {
    return newestPython
  }
}
