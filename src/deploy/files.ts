import { join } from 'node:path'
import { UsageError } from '../options.ts'
import { composeFile } from './compose.ts'
import { containerfile } from './containerfile.ts'
import { crontab } from './crontab.ts'
import type { Deployment, GeneratedFile } from './deployment.ts'
import { label, launchdJob } from './launchd.ts'
import { nginxSite } from './nginx.ts'
import { supervisorProgram } from './supervisor.ts'
import { systemdUnit } from './systemd.ts'

// No format that is written here carries them all.
const refuseControls = ({ node, program, home, argv, settings }: Deployment): void => {
  const words = [node, program, home, ...argv, settings.directory, settings.outFile]
  const bad = words.find(word => /\p{Cc}/u.test(word))
  if (bad !== undefined)
    throw new UsageError(`${JSON.stringify(bad)} has control characters; give it another name`)
}

/**
 * Everything that runs a server for good, as files.
 * @param directory where they will lie
 * @throws {UsageError} for settings that cannot be written so
 */
export const deploymentFiles = (
  deployment: Deployment,
  directory: string,
): readonly GeneratedFile[] => {
  refuseControls(deployment)
  if (deployment.settings.port === 0)
    throw new UsageError('--port: what others connect to needs a fixed port, not 0')
  const cron = crontab(deployment)
  return [
    {
      name: 'proxypypi.service',
      text: systemdUnit(deployment),
      use: 'systemd: to /etc/systemd/system/, then systemctl enable --now proxypypi',
    },
    {
      name: 'nginx-proxypypi.conf',
      text: nginxSite(deployment),
      use: 'nginx: to /etc/nginx/sites-enabled/ or conf.d/, then nginx -s reload',
    },
    {
      name: 'supervisor-proxypypi.conf',
      text: supervisorProgram(deployment),
      use: 'supervisor: to /etc/supervisor/conf.d/, then supervisorctl update',
    },
    {
      name: `${label}.plist`,
      text: launchdJob(deployment),
      use: 'macOS: to ~/Library/LaunchAgents/, then launchctl bootstrap gui/$UID FILE',
    },
    ...(cron === undefined ?
      []
    : [{ name: 'crontab', text: cron, use: 'cron: its lines into crontab -e' }]),
    { name: 'Containerfile', text: containerfile(deployment), use: 'docker or podman: the image' },
    {
      name: 'compose.yaml',
      text: composeFile(deployment, join(directory, 'Containerfile')),
      use: 'docker or podman: compose up -d in that directory',
    },
  ]
}
