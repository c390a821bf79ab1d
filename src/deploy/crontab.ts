import { commandLine, type Deployment } from './deployment.ts'
import { shellLine } from './shell.ts'

/** Longest command in characters that every cron takes; Debian's takes 999. */
const longest = 990

/** Lines for `crontab -e`; undefined when the command is longer than cron takes. */
export const crontab = (deployment: Deployment): string | undefined => {
  // crontab(5): "%" ends the command unless it is escaped, within quotes too.
  const line = (command: string): string =>
    shellLine(commandLine(deployment, command)).replaceAll('%', String.raw`\%`)
  if (line('condstart').length > longest) return undefined
  return [
    '# Starts the server with the machine:',
    `@reboot ${line('start')}`,
    '# Starts it again should it have ended; without the "#" in front:',
    `# */5 * * * * ${line('condstart')} >/dev/null`,
    '',
  ].join('\n')
}
