import { basename } from 'node:path'
import type { Reply } from '../../http/reply.ts'
import { rootUser } from '../../spec/user-name.ts'
import { version } from '../../version.ts'
import { result } from './envelope.ts'
import type { DevpiRequest } from './request.ts'

/** The release of devpi-server whose interface this is. */
export const devpiVersion = '6.19.1'

// What devpi counts and monitoring reads. Here there are none of its caches, and nothing waits.
const cache = ['evictions', 'hits', 'lookups', 'misses', 'size'] as const
const metrics = [
  ...cache.map(what => `devpi_server_storage_cache_${what}`),
  ...['changelog', 'relpath'].flatMap(of =>
    [...cache, 'items'].map(what => `devpi_server_${of}_cache_${what}`),
  ),
  'devpi_web_whoosh_index_queue_size',
  'devpi_web_whoosh_index_error_queue_size',
].map(name => [name, /(?:size|items)$/.test(name) ? 'gauge' : 'counter', 0])

/** `GET /+status` (devpi-api 16.1): what monitoring of devpi reads. Where the directory lies only root learns. */
export const statusAnswer = async (request: DevpiRequest): Promise<Reply> => {
  const { exchange, sources, visitor } = request
  const { changes, layout, outsideUrl, url } = sources
  const { root } = layout
  const serial = changes.serial()
  const uuid = await changes.uuid()
  const latest = changes.latest()
  const since = latest === undefined ? null : latest / 1000
  return result(200, 'status', {
    serverdir: visitor.user === rootUser ? root : basename(root),
    uuid,
    versioninfo: { 'devpi-server': devpiVersion, proxypypi: version },
    'server-code': 'proxypypi',
    host: new URL(url).hostname,
    port: exchange.request.socket.localPort ?? null,
    'outside-url': outsideUrl?.replace(/\/$/, '') ?? null,
    serial,
    'last-commit-timestamp': since,
    'event-serial': serial,
    'event-serial-timestamp': since,
    'event-serial-in-sync-at': Date.now() / 1000,
    metrics,
    role: 'MASTER',
    polling_replicas: {},
  })
}
