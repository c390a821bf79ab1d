import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, run } from './processes.js'
import { jsonType } from './site.js'

const places = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']

/** Where nginx is; throws with how to get it. */
export const findNginx = () => {
  const found = places.map(place => join(place, 'nginx')).find(path => existsSync(path))
  if (found === undefined) throw new Error('nginx not found: apt-get install nginx-light')
  return found
}

/** The version nginx gives itself. */
export const nginxVersion = async () => {
  const { stderr } = await run(findNginx(), ['-v'])
  return stderr.trim().replace(/^.*nginx\//, '')
}

const user = process.getuid() === 0 ? 'user root;' : ''

const whole = (directory, http) => `${user}
worker_processes 1;
daemon off;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log;
events { worker_connections 1024; }
http {
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_timeout 300;
  keepalive_requests 100000000;
  default_type application/octet-stream;
  types { text/html html; ${jsonType} json; }
  map $http_accept $page { default index.html; "~${jsonType.replaceAll('+', '\\+')}" index.json; }
${http}
}
`

const index = root => `
    root ${root};
    location = /-/health { access_log off; return 200; }
    location /simple/ { index $page; add_header Vary Accept; }`

/** The real upstream: both forms of a page by negotiation, ETags, and a log of who asked for what. */
const upstream = ({ port, directory, site }) => `
  log_format asked '$request_method $uri $status';
  server {
    listen 127.0.0.1:${port};
    access_log ${directory}/access.log asked;
    ${index(site)}
  }`

/** The yardstick: the same bytes as plain files, compressed beforehand. */
const fixed = ({ port, site, pages }) => `
  access_log off;
  gzip_static on;
  server {
    listen 127.0.0.1:${port};
    ${index(site)}
    location /pages/ { alias ${pages}/; }
  }`

/** What people build without a program like ours: a reverse proxy with a cache, compressing on the fly. */
const caching = ({ port, directory, upstreamPort }) => `
  access_log off;
  gzip on;
  gzip_types ${jsonType};
  gzip_proxied any;
  proxy_cache_path ${directory}/cache keys_zone=all:10m max_size=2g inactive=1h;
  upstream origin { server 127.0.0.1:${upstreamPort}; keepalive 32; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Accept-Encoding "";
      proxy_cache all;
      proxy_cache_key $request_uri|$http_accept;
      proxy_cache_valid 200 1h;
    }
  }`

/** A server that only stores what it is sent. */
const storing = ({ port, directory }) => `
  access_log off;
  client_max_body_size 0;
  server {
    listen 127.0.0.1:${port};
    root ${directory}/files;
    location = /-/health { return 200; }
    location / { dav_methods PUT; create_full_put_path on; }
  }`

const kinds = { upstream, fixed, caching, storing }

/** Starts one nginx of the kind `upstream`, `fixed`, `caching` or `storing`, ready to serve: `{ port, directory, index }`. */
export const startNginx = async (processes, kind, scratch, settings) => {
  const directory = join(scratch, kind)
  await mkdir(directory, { recursive: true })
  const port = settings.port || (await freePort())
  const config = join(directory, 'nginx.conf')
  await writeFile(config, whole(directory, kinds[kind]({ ...settings, port, directory })))
  const child = processes.start(findNginx(), [
    '-p',
    directory,
    '-e',
    `${directory}/error.log`,
    '-c',
    config,
  ])
  await processes.ready(child, `http://127.0.0.1:${port}/-/health`)
  return { port, directory, index: `http://127.0.0.1:${port}/simple/` }
}
