import type { Answer } from './client.ts'

/** What a conditional request needs of the answer before. */
export interface Validators {
  readonly etag?: string
  readonly lastModified?: string
}

type Headed = Pick<Answer, 'headers'>

const validator = (key: 'etag' | 'lastModified', value: string | undefined): Validators =>
  value !== undefined && value.length <= 500 ? { [key]: value } : {}

/** The validators of an answer, as far as they are of a sensible length. */
export const validatorsOf = ({ headers }: Headed): Validators => ({
  ...validator('etag', headers.get('etag')),
  ...validator('lastModified', headers.get('last-modified')),
})

/** The headers that ask for what is newer; none without validators. */
export const conditionsOf = ({ etag, lastModified }: Validators): Record<string, string> => ({
  ...(etag !== undefined && { 'if-none-match': etag }),
  ...(lastModified !== undefined && { 'if-modified-since': lastModified }),
})

/** The seconds for which an answer says that it stays good. */
export const maxAgeOf = ({ headers }: Headed): { maxAge?: number } => {
  const value = headers.get('cache-control')
  if (value === undefined) return {}
  if (/\bno-(?:cache|store)\b/i.test(value)) return { maxAge: 0 }
  const seconds = /\bmax-age=(\d{1,9})\b/i.exec(value)?.[1]
  return seconds === undefined ? {} : { maxAge: Number(seconds) }
}
