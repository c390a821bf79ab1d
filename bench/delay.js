// Its own process: node delay.js PORT TO_PORT MILLISECONDS relays TCP, holding what flows back for
// that long each way. Opening a connection costs a round trip too, as it does on a real network.
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const [port, target, each] = process.argv.slice(2).map(Number)
const mostUnderWay = 16 * 1024 * 1024

/** Timers of one length fire in the order they were set, so the bytes stay in order. */
const relay = (from, to) => {
  let underWay = 0
  const pass = chunk => {
    underWay -= chunk.length
    if (to.writable) to.write(chunk)
    if (underWay < mostUnderWay) from.resume()
  }
  from.on('data', chunk => {
    underWay += chunk.length
    if (underWay >= mostUnderWay) from.pause()
    setTimeout(pass, each, chunk)
  })
  from.on('end', () => setTimeout(() => to.end(), each))
  from.on('error', () => to.destroy())
}

const server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true })
server.on('connection', client => void join(client))
server.listen(port, '127.0.0.1')

const join = async client => {
  client.on('error', () => {})
  await sleep(2 * each)
  const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  relay(client, upstream)
  relay(upstream, client)
  client.resume()
}
