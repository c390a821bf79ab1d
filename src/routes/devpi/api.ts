import { indexName } from '../../spec/index-name.ts'
import type { Visitor } from '../../accounts/access.ts'
import type { Reply } from '../../http/reply.ts'
import { Refusal, result } from './envelope.ts'
import type { Place } from './place.ts'
import type { DevpiRequest } from './request.ts'

/** What clients may count on besides the usual. */
const features = [
  'push-no-docs',
  'push-only-docs',
  'push-register-project',
  'server-keyvalue-parsing',
] as const

// Nobody is in a group here.
const authStatus = ({ user }: Visitor) =>
  user === undefined ? ['noauth', '', []] : ['ok', user, []]

/** 404, for an index that does not exist, in devpi's words; what can be no name is not repeated. */
export const noIndex = ({ user = '', index = '' }: Place): Refusal =>
  indexName(user, index) === undefined ?
    new Refusal(404, 'not found: no such path')
  : new Refusal(404, `The stage ${user}/${index} could not be found.`)

const indexUrls = async ({ sources, base }: DevpiRequest, place: Place) => {
  const { user, index } = place
  if (user === undefined || index === undefined) return {}
  const name = indexName(user, index)
  const config = name === undefined ? undefined : await sources.configs.get(name)
  if (name === undefined || config === undefined) throw noIndex(place)
  const url = `${base}${name}`
  return {
    index: url,
    simpleindex: `${url}/+simple/`,
    ...(config.type !== 'mirror' && { pypisubmit: `${url}/` }),
  }
}

/**
 * `GET /+api`, `/USER/+api`, `/USER/INDEX/+api` (devpi-api 3). The client takes our root for what stands
 * in front of the last slash of `login`.
 */
export const apiAnswer = async (request: DevpiRequest, place: Place): Promise<Reply> => {
  const { base, visitor } = request
  return result(200, 'apiconfig', {
    login: `${base}+login`,
    authstatus: authStatus(visitor),
    features,
    ...(await indexUrls(request, place)),
  })
}
