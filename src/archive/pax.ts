import { ArchiveError } from './archive-error.ts'

const damaged = () => new ArchiveError('an extended header is damaged')

/**
 * The records of a POSIX extended header, each `LENGTH KEY=VALUE` and a line feed, by their keys.
 * @throws {ArchiveError} when it is malformed, describes a sparse file, or gives a size: those that
 *   fit the header itself need none, and readers differ on which one counts (fault P12)
 */
export const paxRecords = (data: Buffer): Map<string, string> => {
  const records = new Map<string, string>()
  for (let at = 0; at < data.length;) {
    const blank = data.indexOf(0x20, at)
    const digits = blank < 0 ? '' : data.toString('latin1', at, Math.min(blank, at + 10))
    const end = /^\d+$/.test(digits) ? at + Number(digits) : -1
    if (end <= blank + 1 || end > data.length || data[end - 1] !== 0x0a) throw damaged()
    const record = data.toString('utf8', blank + 1, end - 1)
    const equals = record.indexOf('=')
    if (equals < 1) throw damaged()
    const key = record.slice(0, equals)
    if (key === 'size' || key.startsWith('GNU.sparse.') || key === 'SCHILY.realsize')
      throw new ArchiveError('an extended header changes the size of a member')
    records.set(key, record.slice(equals + 1))
    at = end
  }
  return records
}
