import { createHash } from 'node:crypto'
import { request } from 'node:http'

const boundary = 'uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu'

const field = (name, value) =>
  `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`

/** The body of an upload of a wheel. */
export const formOf = ({ filename, body, metadata }) => {
  const [name, version] = filename.split('-')
  const fields = [
    [':action', 'file_upload'],
    ['protocol_version', '1'],
    ['metadata_version', /Metadata-Version: (.*)/.exec(metadata)[1]],
    ['name', name],
    ['version', version],
    ['filetype', 'bdist_wheel'],
    ['pyversion', 'py3'],
    ['sha256_digest', createHash('sha256').update(body).digest('hex')],
  ]
  const head =
    fields.map(([key, value]) => field(key, value)).join('') +
    `--${boundary}\r\nContent-Disposition: form-data; name="content"; filename="${filename}"\r\n` +
    'Content-Type: application/octet-stream\r\n\r\n'
  return Buffer.concat([Buffer.from(head), body, Buffer.from(`\r\n--${boundary}--\r\n`)])
}

/** Uploads it; throws on every other status than 200. Credentials in the URL are sent. */
export const post = (url, body, agent) =>
  new Promise((resolve, reject) => {
    const headers = {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': body.length,
    }
    const sent = request(url, { method: 'POST', agent, headers }, response => {
      response
        .toArray()
        .then(
          parts =>
            response.statusCode === 200 ?
              resolve()
            : reject(new Error(`${response.statusCode} ${Buffer.concat(parts).toString()}`)),
          reject,
        )
    })
    sent.on('error', reject)
    sent.end(body)
  })
