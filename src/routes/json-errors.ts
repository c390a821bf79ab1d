import { json } from '../http/reply.ts'
import type { GuardedHandler } from './access.ts'

/** What a handler throws with a status, as the JSON object with which pypicache answered errors. */
export const jsonErrors =
  (handler: GuardedHandler): GuardedHandler =>
  async (exchange, rest, visitor) => {
    try {
      return await handler(exchange, rest, visitor)
    } catch (error) {
      const { status, headers = [] } = error as { status?: unknown; headers?: readonly string[] }
      if (!(error instanceof Error) || typeof status !== 'number') throw error
      const reply = json(status, { error: true, message: error.message })
      return { ...reply, headers: [...reply.headers, ...headers] }
    }
  }
