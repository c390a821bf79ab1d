import { text, type Reply } from '../http/reply.ts'
import type { Index } from '../index/index.ts'

/** 404, and why it may be so (need 48). */
export const missing = ({ limits }: Index, what: string): Reply =>
  text(404, `not found: ${what}${limits === undefined ? '' : ` (${limits})`}`)
