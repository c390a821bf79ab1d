import { isIPv6 } from 'node:net'
import { UsageError } from '../options.ts'
import type { Deployment } from './deployment.ts'

// Where a server that listens on every address is found from this machine.
const reachable = (bind: string): string => {
  if (bind === '0.0.0.0') return '127.0.0.1'
  if (bind === '::') return '[::1]'
  return isIPv6(bind) ? `[${bind}]` : bind
}

/** The path below which clients see the server, with a slash at both ends. */
const prefixOf = (outside: URL | undefined): string => {
  const path = outside?.pathname.replace(/\/*$/, '/') ?? '/'
  if (!/^\/(?:[A-Za-z0-9._~-]+\/)*$/.test(path))
    throw new UsageError(
      `outside-url: expects a path of letters, digits and "._~-" for nginx, not ${path}`,
    )
  return path
}

const serverName = (outside: URL | undefined): string =>
  outside === undefined ? 'localhost $hostname ""' : outside.hostname

const headers = (prefix: string): readonly string[] => [
  'Host $http_host',
  'X-Forwarded-For $remote_addr',
  'X-Forwarded-Host $http_host',
  'X-Forwarded-Proto $scheme',
  ...(prefix === '/' ? [] : [`X-Forwarded-Prefix ${prefix.slice(0, -1)}`]),
  // Connections are kept open, and what a client says of proxies before this one counts for nothing.
  'Connection ""',
  'Forwarded ""',
]

// The part that is the same over TLS or not.
const location = ({ settings, outside }: Deployment): readonly string[] => {
  const prefix = prefixOf(outside)
  return [
    `location ${prefix} {`,
    '    # The slash at the end takes the prefix off.',
    '    proxy_pass http://proxypypi/;',
    '    proxy_http_version 1.1;',
    ...headers(prefix).map(header => `    proxy_set_header ${header};`),
    '    # Files pass through as they come, in both directions, however large.',
    '    proxy_buffering off;',
    '    proxy_request_buffering off;',
    `    client_max_body_size ${Math.ceil(settings.maxUpload / 2 ** 20) + 1}m;`,
    `    proxy_read_timeout ${Math.ceil(Math.max(60, settings.pageTimeout * 2))}s;`,
    '    proxy_redirect off;',
    '}',
  ]
}

/** A site for nginx, to be included in its `http` block. */
export const nginxSite = (deployment: Deployment): string => {
  const { settings, outside } = deployment
  return [
    'upstream proxypypi {',
    `    server ${reachable(settings.bind)}:${settings.port};`,
    '    keepalive 32;',
    '}',
    '',
    'server {',
    '    listen 80;',
    `    server_name ${serverName(outside)};`,
    '    # Where there is IPv6, too:',
    '    # listen [::]:80;',
    '    # With TLS, instead of port 80:',
    '    # listen 443 ssl;',
    '    # ssl_certificate     /etc/ssl/certs/pypi.pem;',
    '    # ssl_certificate_key /etc/ssl/private/pypi.key;',
    '',
    ...location(deployment).map(line => `    ${line}`),
    '}',
    '',
  ].join('\n')
}
