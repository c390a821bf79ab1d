import { anonymous } from '../../accounts/access.ts'
import type { Reply } from '../../http/reply.ts'
import type { Opened } from '../../index/registry.ts'
import { ownReply } from '../access.ts'
import { Refusal } from './envelope.ts'
import type { DevpiRequest } from './request.ts'

// Installers look for credentials only after this (CL-60).
const challenge = ['WWW-Authenticate', 'Basic realm="pypi"'] as const

/**
 * Refuses whoever may not read an index (`pkg_read`): 401 for nobody in particular, so that clients
 * send their credentials, 403 for a user.
 */
export const requireRead = ({ visitor, sources }: DevpiRequest, index: Opened): void => {
  const { name, config } = index
  if (sources.access.may('pkg_read', visitor, { index: name, config })) return
  if (visitor.user !== undefined)
    throw new Refusal(403, 'package read forbidden', { shape: 'mixed' })
  throw new Refusal(401, `a user name and a password are needed to read ${name}`, {
    shape: 'mixed',
    headers: challenge,
  })
}

/** True when nobody needs to be anybody to read an index. */
const isPublic = ({ sources }: DevpiRequest, { name, config }: Opened): boolean =>
  sources.access.may('pkg_read', anonymous, { index: name, config })

/**
 * An answer made of one index alone, for whoever may read it; what not everybody may read is kept
 * by no cache that others ask, too (PY-28).
 */
export const reading = async (
  request: DevpiRequest,
  index: Opened,
  answer: () => Reply | Promise<Reply>,
): Promise<Reply> => {
  requireRead(request, index)
  const reply = await answer()
  return isPublic(request, index) ? reply : ownReply(reply)
}

/**
 * Refuses whoever may not read all that an index inherits, or a base would tell its secrets to
 * everybody who makes an index of his own above it. What it decides depends on the visitor's user alone.
 * @returns true when nobody needs to be anybody to read it
 */
export const requireReadWhole = async (request: DevpiRequest, index: Opened): Promise<boolean> => {
  requireRead(request, index)
  const members = await index.members()
  for (const member of members) requireRead(request, member)
  return members.every(member => isPublic(request, member))
}

/** As `reading`, for an answer that shows what an index inherits. */
export const readingWhole = async (
  request: DevpiRequest,
  index: Opened,
  answer: () => Reply | Promise<Reply>,
): Promise<Reply> => {
  const isForAll = await requireReadWhole(request, index)
  const reply = await answer()
  return isForAll ? reply : ownReply(reply)
}
