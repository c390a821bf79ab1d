import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { inside } from './containerfile.ts'
import { patienceOf, type Deployment } from './deployment.ts'

// JSON is YAML too. "$" begins a variable of compose.
const quoted = (value: unknown): string => JSON.stringify(value).replaceAll('$', '$$$$')

const alive = (port: number): string =>
  `fetch("http://127.0.0.1:${port}/-/health").then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))`

const isFoundInside = ({ settings }: Deployment, path: string): boolean =>
  path === join(settings.directory, 'proxypypi.toml')

// Files beside the directory that the settings name keep their paths.
const named = (deployment: Deployment): readonly string[] => {
  const { configFile, upstreams } = deployment.settings
  const paths = [configFile, ...upstreams.map(({ caFile }) => caFile)]
  return [...new Set(paths)].filter(
    path => path !== undefined && !isFoundInside(deployment, path),
  ) as string[]
}

// Inside, the directory has a name of its own, everybody may connect, and output goes to the console.
const wordsInside = (deployment: Deployment): readonly string[] =>
  deployment.argv.filter(
    word =>
      !/^--(?:cache|bind|pid|log|out)=/.test(word) &&
      !(word.startsWith('--config=') && isFoundInside(deployment, word.slice('--config='.length))),
  )

const published = ({ settings: { bind, port } }: Deployment): string => {
  const ports = `${port}:${port}`
  if (bind === '0.0.0.0' || bind === '::') return ports
  const address = bind === 'localhost' ? '127.0.0.1' : bind
  return `${isIPv6(address) ? `[${address}]` : address}:${ports}`
}

const bindMount = (source: string, target: string, isReadOnly: boolean): readonly string[] => [
  '      - type: bind',
  `        source: ${quoted(source)}`,
  `        target: ${quoted(target)}`,
  ...(isReadOnly ? ['        read_only: true'] : []),
]

/**
 * A service for compose over the directory of this machine.
 * @param image path of the Containerfile
 */
export const composeFile = (deployment: Deployment, image: string): string => {
  const { account, settings, home } = deployment
  const { uid, gid } = account
  return [
    'services:',
    '  proxypypi:',
    '    image: localhost/proxypypi',
    '    build:',
    `      context: ${quoted(home)}`,
    `      dockerfile: ${quoted(image)}`,
    `    command: ${quoted([...wordsInside(deployment), 'run'])}`,
    ...(uid === undefined || gid === undefined ? [] : [`    user: "${uid}:${gid}"`]),
    "    # The same name after each update, since this machine's files carry it.",
    '    hostname: proxypypi',
    '    ports:',
    `      - ${quoted(published(deployment))}`,
    '    volumes:',
    ...bindMount(settings.directory, inside.cache, false),
    ...named(deployment).flatMap(path => bindMount(path, path, true)),
    '    init: true',
    '    read_only: true',
    '    tmpfs: ["/tmp"]',
    '    cap_drop: ["ALL"]',
    '    security_opt: ["no-new-privileges:true"]',
    `    stop_grace_period: ${patienceOf(deployment)}s`,
    '    restart: unless-stopped',
    '    healthcheck:',
    `      test: ${quoted(['CMD', 'node', '-e', alive(settings.port)])}`,
    '      interval: 30s',
    '',
  ].join('\n')
}
