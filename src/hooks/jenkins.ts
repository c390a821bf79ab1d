import { randomBytes } from 'node:crypto'
import type { HookEvent, Message } from './event.ts'
import { jobScript } from './jenkins-script.ts'

const parameter = JSON.stringify({ parameter: { name: 'jobscript.py', file: 'file0' } })

// The parts in devpi-jenkins' order and with its headers.
const form = (boundary: string, script: string): string => {
  const fields = [
    ['Submit', 'Build'],
    ['name', 'jobscript.py'],
    ['json', parameter],
  ].map(([name, value]) => `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`)
  const file = `Content-Disposition: form-data; name="file0"; filename="file0"\r\n\r\n${script}`
  const parts = [...fields, file].map(part => `--${boundary}\r\n${part}\r\n`)
  return `${parts.join('')}--${boundary}--\r\n`
}

/**
 * What the index's `uploadtrigger_jenkins` is sent after an upload, in the shape of devpi-jenkins: a
 * form that starts a build with one file parameter, the script to run. Undefined when the index has none.
 */
export const jenkinsMessage = (event: HookEvent): Message | undefined => {
  const { index, config, project, version, base } = event
  if (config.type !== 'stage' || !config.uploadtrigger_jenkins) return undefined
  const value = config.uploadtrigger_jenkins
  const url = value
    .replaceAll('{pkgname}', encodeURIComponent(project))
    .replaceAll('{pkgversion}', encodeURIComponent(version))
  const boundary = randomBytes(16).toString('hex')
  return {
    receiver: `${index} jenkins`,
    index,
    setting: 'uploadtrigger_jenkins',
    value,
    url,
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    // To the page of the job.
    isTakenByRedirect: true,
    body: form(boundary, jobScript(`${base}${index}`, `${project}==${version}`)),
  }
}
