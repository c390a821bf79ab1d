import type { Changes } from '../../disk/changes.ts'
import type { Reply } from '../../http/reply.ts'
import { devpiVersion } from './status.ts'

/**
 * The answer as devpi's clients know it: with the version of the interface, without which they warn,
 * and the serial of the state that it reflects (devpi-api 1.4).
 */
export const withDevpiHeaders = async (reply: Reply, changes: Changes): Promise<Reply> => {
  const uuid = await changes.uuid()
  return {
    ...reply,
    headers: [
      ...reply.headers,
      'X-DEVPI-API-VERSION',
      '2',
      'X-DEVPI-SERVER-VERSION',
      devpiVersion,
      'X-DEVPI-SERIAL',
      String(changes.serial()),
      'X-DEVPI-UUID',
      uuid,
      'X-DEVPI-MASTER-UUID',
      uuid,
      'X-DEVPI-PRIMARY-UUID',
      uuid,
    ],
  }
}
