import { dirname } from 'node:path'
import { commandLine, patienceOf, type Deployment } from './deployment.ts'

// systemd.syntax(7): quotes with C escapes; "%" begins a specifier.
const quoted = (text: string): string =>
  `"${text.replaceAll(/["\\]/g, String.raw`\$&`).replaceAll('%', '%%')}"`

// It executes no path with these, whatever the quotes.
const isPlain = (path: string): boolean => !/["'\\$]/.test(path)

// systemd.service(5): "$" begins a variable.
const execLine = (words: readonly string[]): string => {
  const shell = isPlain(words[0] ?? '') ? [] : ['/bin/sh', '-c', 'exec "$@"', 'sh']
  return [...shell, ...words].map(word => quoted(word.replaceAll('$', '$$$$'))).join(' ')
}

const writable = ({ settings }: Deployment): readonly string[] => [
  settings.directory,
  ...(settings.logToFile === true ? [dirname(settings.logFile)] : []),
]

const isTemporary = (path: string): boolean => /^(?:\/var)?\/tmp(?:\/|$)/.test(path)

// A private /tmp would hide what lies in the common one.
const privacy = ({ node, program, settings }: Deployment): readonly string[] =>
  [settings.directory, settings.configFile, node, program].some(path => isTemporary(path ?? '')) ?
    []
  : ['PrivateTmp=yes']

const capabilities = ({ settings }: Deployment): readonly string[] => {
  const needed = settings.port < 1024 ? 'CAP_NET_BIND_SERVICE' : ''
  return [
    `CapabilityBoundingSet=${needed}`,
    ...(needed === '' ? [] : [`AmbientCapabilities=${needed}`]),
  ]
}

/**
 * A unit for systemd that lets the server write its own directory and nothing else. Homes are
 * readable, since Node, the settings or `.netrc` may lie in one. System calls beyond those of
 * ordinary services fail instead of killing it: Node tries io_uring and does without.
 */
export const systemdUnit = (deployment: Deployment): string =>
  [
    '[Unit]',
    'Description=proxypypi, a Python package index',
    'Wants=network-online.target',
    'After=network-online.target',
    '',
    '[Service]',
    'Type=exec',
    `User=${deployment.account.name}`,
    `ExecStart=${execLine(commandLine(deployment, 'run'))}`,
    'ExecReload=/bin/kill -HUP $MAINPID',
    'KillMode=mixed',
    `TimeoutStopSec=${patienceOf(deployment)}`,
    'Restart=on-failure',
    'RestartSec=2',
    '# Secrets that the settings name as ${VARIABLE}:',
    'EnvironmentFile=-/etc/default/proxypypi',
    '',
    'ProtectSystem=strict',
    `ReadWritePaths=${writable(deployment).map(quoted).join(' ')}`,
    'ProtectHome=read-only',
    ...privacy(deployment),
    ...capabilities(deployment),
    'NoNewPrivileges=yes',
    'PrivateDevices=yes',
    'ProtectClock=yes',
    'ProtectControlGroups=yes',
    'ProtectHostname=yes',
    'ProtectKernelLogs=yes',
    'ProtectKernelModules=yes',
    'ProtectKernelTunables=yes',
    'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
    'RestrictNamespaces=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'LockPersonality=yes',
    'RemoveIPC=yes',
    'SystemCallArchitectures=native',
    'SystemCallFilter=@system-service',
    'SystemCallErrorNumber=EPERM',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n')
