// Its own process: node publish.js URL CLIENTS COUNT uploads COUNT small wheels of 50 projects from so
// many clients, each on a connection of its own, and prints seconds and the milliseconds of each.
import { createHash, randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { makeWheel } from './wheel.js'

const [, , url, clients, count] = process.argv

const boundary = 'uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu'

const field = (name, value) =>
  `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`

const formOf = ({ filename, body, metadata }) => {
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

const post = (agent, body) =>
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

const forms = Array.from({ length: Number(count) }, (_, at) =>
  formOf(makeWheel(`small${at % 50}`, `1.${Math.floor(at / 50)}`, randomBytes(9500))),
)

const times = []
const client = async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (let form = forms.pop(); form !== undefined; form = forms.pop()) {
    const began = performance.now()
    await post(agent, form)
    times.push(performance.now() - began)
  }
  agent.destroy()
}

const began = performance.now()
await Promise.all(Array.from({ length: Number(clients) }, client))
process.stdout.write(JSON.stringify({ seconds: (performance.now() - began) / 1000, times }))
