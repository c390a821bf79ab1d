import { hasCode } from '../disk/error-code.ts'
import type { Settings } from '../settings.ts'
import { portOwner } from './port-owner.ts'

const reasonOf = async (error: unknown, { bind, port }: Settings): Promise<string | undefined> => {
  if (hasCode(error, 'EADDRINUSE')) {
    const owner = await portOwner(port)
    const by = owner === undefined ? 'taken' : `taken by ${owner}`
    return `port ${port} on ${bind} is ${by}; choose another with --port`
  }
  if (hasCode(error, 'EACCES')) return `port ${port} needs privileges; choose one above 1023`
  if (hasCode(error, 'EADDRNOTAVAIL', 'EINVAL', 'ENOTFOUND', 'EAI_AGAIN')) {
    return `this machine has no address ${bind}; choose another with --bind`
  }
  return undefined
}

/** Why a server did not start, in one line with the remedy; what is no trouble with the port is returned as it is. */
export const explainListenError = async (error: unknown, settings: Settings): Promise<Error> => {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const reason = await reasonOf(cause, settings)
  if (reason !== undefined) return new Error(reason, { cause: error })
  return error instanceof Error ? error : new Error(String(error))
}
