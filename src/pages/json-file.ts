import { extensionOf } from '../spec/filename.ts'
import { packageType } from '../spec/package-type.ts'
import type { File } from '../spec/page.ts'

/** The Python that a file is for, as PyPI says it: `cp312`, `py2.py3`, `2.7`, `source`. */
const pythonVersion = ({ filename }: File): string => {
  const extension = extensionOf(filename) ?? ''
  const stem = filename.slice(0, filename.length - extension.length)
  const type = packageType(filename)
  if (type === 'bdist_wheel') return stem.split('-').at(-3) ?? 'any'
  return type === 'sdist' ? 'source' : (/-py(\d\.\d{1,2})(?:-|$)/.exec(stem)?.[1] ?? 'any')
}

const isYanked = ({ yanked }: File): boolean => yanked !== undefined && yanked !== false

/**
 * A file as PyPI's JSON API says it (PY-4); what is not known is null or -1.
 * @param file as a page lists it, its URL a path below our root
 * @param root our URL, ending in a slash
 */
export const jsonFile = (file: File, root: string): Record<string, unknown> => {
  const { hashes, yanked, size = null } = file
  const time = file['upload-time']
  return {
    comment_text: null,
    'core-metadata': file['core-metadata'] ?? false,
    digests: {
      blake2b_256: hashes['blake2b_256'] ?? null,
      md5: hashes['md5'] ?? null,
      sha256: hashes['sha256'] ?? null,
    },
    downloads: -1,
    filename: file.filename,
    has_sig: false,
    md5_digest: hashes['md5'] ?? null,
    packagetype: packageType(file.filename),
    python_version: pythonVersion(file),
    requires_python: file['requires-python'] ?? null,
    size,
    upload_time: time?.slice(0, 19) ?? null,
    upload_time_iso_8601: time ?? null,
    url: root + file.url,
    yanked: isYanked(file),
    yanked_reason: typeof yanked === 'string' && yanked !== '' ? yanked : null,
  }
}
