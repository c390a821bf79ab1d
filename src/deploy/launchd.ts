import { commandLine, patienceOf, type Deployment } from './deployment.ts'

/** The name by which launchd knows the server. */
export const label = 'org.proxypypi.server'

const text = (value: string): string =>
  `<string>${value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</string>`

/** A job for launchd, for a `LaunchAgents` directory of the user or the system. */
export const launchdJob = (deployment: Deployment): string => {
  const words = commandLine(deployment, 'run').map(word => `    ${text(word)}`)
  const output = text(deployment.settings.outFile)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    '<dict>',
    `  <key>Label</key>${text(label)}`,
    '  <key>ProgramArguments</key>',
    '  <array>',
    ...words,
    '  </array>',
    '  <key>RunAtLoad</key><true/>',
    '  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>',
    `  <key>ExitTimeOut</key><integer>${patienceOf(deployment)}</integer>`,
    `  <key>StandardOutPath</key>${output}`,
    `  <key>StandardErrorPath</key>${output}`,
    '</dict>',
    '</plist>',
    '',
  ].join('\n')
}
