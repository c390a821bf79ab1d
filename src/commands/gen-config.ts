import { mkdir } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { concealed } from '../config/index-url.ts'
import type { Sources } from '../config/lookup.ts'
import { canonicalArguments, readSettings } from '../config/read-settings.ts'
import { prepareDirectory } from '../daemon/directory.ts'
import type { Deployment } from '../deploy/deployment.ts'
import { options, UsageError, variablesOf } from '../options.ts'
import { complain, print, type Command, type Invocation } from './command.ts'
import { isSet } from './open-cache.ts'

const home = resolve(fileURLToPath(new URL('../..', import.meta.url)))

// What runs the server later has another environment than this one.
const withVariables = (sources: Sources): Sources => {
  const flags = new Map(sources.flags)
  for (const option of options)
    for (const variable of variablesOf(option)) {
      const value = sources.env[variable] ?? ''
      if (value === '' || flags.has(option.key)) continue
      flags.set(option.key, option.kind === 'texts' ? value.trim().split(/\s+/) : [value])
    }
  return { ...sources, flags }
}

const account = (): Deployment['account'] => {
  const uid = process.getuid?.()
  const gid = process.getgid?.()
  try {
    return { name: userInfo().username, uid, gid }
  } catch {
    return { name: String(uid ?? 'nobody'), uid, gid }
  }
}

const describe = async (invocation: Invocation): Promise<Deployment> => {
  const sources = withVariables(invocation)
  const settings = await readSettings(sources)
  const argv = canonicalArguments(sources, settings)
  if (argv.some(word => word.startsWith('--index-url=') && word.includes(concealed)))
    throw new UsageError(
      '--index-url: credentials are not written into such files; keep them in proxypypi.toml or netrc',
    )
  return {
    node: process.execPath,
    program: join(home, 'bin', 'proxypypi.js'),
    home,
    argv,
    settings,
    outside: settings.outsideUrl === undefined ? undefined : new URL(settings.outsideUrl),
    account: account(),
  }
}

/** Writes what runs the server for good. */
export const genConfig: Command = {
  name: 'gen-config',
  group: 'Server',
  operands: '[DIR]',
  flags: ['force'],
  summary: 'files for systemd, nginx',
  details:
    'Writes files that run the server as you, with the settings given, for good: for systemd, nginx, ' +
    'supervisor, launchd, cron, docker and podman. They go into DIR (gen-config); nothing is ' +
    'installed or started. Settings of the environment become options, those of the settings file ' +
    'stay there. Exits with 1 when a file is there already, unless --force is given.',
  examples: [
    ['proxypypi -d /srv/pypi gen-config', 'files in gen-config/, each said what for'],
    ['proxypypi -d /srv/pypi -p 3141 gen-config /tmp/files', 'another port, another place'],
    ['proxypypi -d /srv/pypi gen-config --force', 'the same again, after an update'],
  ],
  async execute(invocation) {
    const [given = 'gen-config', more] = invocation.operands
    if (more !== undefined) throw new UsageError('gen-config takes one directory')
    const deployment = await describe(invocation)
    const { deploymentFiles } = await import('../deploy/files.ts')
    const { writeFiles } = await import('../deploy/write-files.ts')
    const directory = resolve(invocation.cwd, given)
    const files = deploymentFiles(deployment, directory)
    await prepareDirectory(deployment.settings)
    // launchd makes the console file, but no directory for it.
    await mkdir(dirname(deployment.settings.outFile), { recursive: true })
    await writeFiles(directory, files, isSet(invocation, 'force'))
    for (const { name, use } of files) print(`${name.padEnd(28)} ${use}`)
    if (deployment.account.uid === 0)
      complain('the server will run as root; run gen-config as another user to prevent that')
    print(`written to ${directory}; nothing was started`)
    return 0
  },
}
