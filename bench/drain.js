// Its own process, because reading gigabytes is work: node drain.js URL CONNECTIONS SECONDS
// prints megabytes a second. Raw sockets with one reused buffer read twice as fast as wrk does,
// so that the server is what is measured.
import { connect } from 'node:net'

const [, , address, connections, seconds] = process.argv
const url = new URL(address)
const request = `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`
const shared = Buffer.allocUnsafe(256 * 1024)
let total = 0

const fail = message => {
  process.stderr.write(`${address}: ${message}\n`)
  process.exit(1)
}

const open = () => {
  let missing = 0
  const ask = () => socket.write(request)
  const start = data => {
    const end = data.indexOf('\r\n\r\n')
    const head = data.toString('latin1', 0, end)
    const length = /^HTTP\/1\.[01] 200 [^]*\r\ncontent-length: (\d+)/i.exec(head)?.[1]
    if (length === undefined) fail(`unexpected answer: ${head.slice(0, 200)}`)
    missing = Number(length) + end + 4
  }
  const callback = (count, buffer) => {
    if (missing === 0) start(buffer.subarray(0, count))
    total += count
    missing -= count
    if (missing === 0) ask()
    return true
  }
  const socket = connect({
    host: url.hostname,
    port: Number(url.port),
    onread: { buffer: shared, callback },
  })
  socket.once('connect', ask)
  socket.once('end', () => {
    if (missing > 0) fail('the connection was closed')
    open()
  })
  socket.once('error', error => fail(error.message))
}

for (let at = 0; at < Number(connections); at += 1) open()
const began = performance.now()
setTimeout(
  () => {
    process.stdout.write(`${total / 1000 / (performance.now() - began)}\n`)
    process.exit(0)
  },
  Number(seconds) * 1000,
)
