import { commandLine, patienceOf, type Deployment } from './deployment.ts'
import { shellWord } from './shell.ts'

// The value is cut at a ";" or "#" behind a blank, even within quotes, then "%" begins an
// expansion, then Python's shlex takes it apart: quotes that end and begin again keep the blank away.
const commandValue = (words: readonly string[]): string =>
  words
    .map(word => shellWord(word).replaceAll(/(\s)(?=[;#])/g, "$1''"))
    .join(' ')
    .replaceAll('%', '%%')

/** A program section for supervisor. */
export const supervisorProgram = (deployment: Deployment): string =>
  [
    '[program:proxypypi]',
    `command=${commandValue(commandLine(deployment, 'run'))}`,
    `user=${deployment.account.name}`,
    'autostart=true',
    'autorestart=unexpected',
    'startsecs=2',
    'stopsignal=TERM',
    `stopwaitsecs=${patienceOf(deployment)}`,
    'killasgroup=true',
    'redirect_stderr=true',
    'stdout_logfile_maxbytes=50MB',
    'stdout_logfile_backups=3',
    '',
  ].join('\n')
