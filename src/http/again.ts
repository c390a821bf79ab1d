import type { Socket } from 'node:net'
import type { Log } from '../log.ts'
import { record } from './access-line.ts'
import { sendDirectly } from './direct.ts'
import { Exchange } from './exchange.ts'
import { Frequent } from './frequent.ts'
import type { AnswerAgain } from './line.ts'
import { isResource, outgoing } from './outgoing.ts'
import { refusalOf } from './refusal.ts'
import type { ParsedHead } from './repeats.ts'
import type { Handle, Reply } from './reply.ts'

// Written out, since copying by spread would cost more than all the rest of an answer.
const exchangeOf = (socket: Socket, { method, url, headers }: ParsedHead): Exchange =>
  new Exchange({
    method,
    url,
    headers,
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    complete: true,
    socket,
  })

/**
 * Answers requests that are known by their bytes. Everything about the answer is decided anew, by the
 * same handler as for any other; only what Node does around it is left out.
 * @param isClosing true when connections are no longer kept
 */
export const answerAgain = (handle: Handle, log: Log, isClosing: () => boolean): AnswerAgain => {
  const frequent = new Frequent()
  /** @returns the status, or undefined when nothing can be sent at once */
  const write = (exchange: Exchange, reply: Reply): number | undefined => {
    const { socket } = exchange.request
    const isWired = exchange.method === 'GET' && !isResource(reply.body)
    const wired = isWired ? frequent.get(reply) : undefined
    if (wired !== undefined) {
      exchange.sent = wired.sent
      socket.write(wired.bytes)
      return wired.status
    }
    const out = outgoing(exchange, reply)
    if (out.chunks !== undefined) return undefined
    sendDirectly(socket, exchange, out)
    if (isWired) frequent.note(reply, out)
    return out.status
  }
  const give = (exchange: Exchange, reply: Reply, started: number): boolean => {
    if (isClosing()) return false
    const status = exchange.request.socket.destroyed ? reply.status : write(exchange, reply)
    if (status === undefined) return false
    reply.sent?.(exchange, status)
    record(log, exchange, status, reply, started)
    return true
  }
  return (socket, head, conclude) => {
    if (isClosing()) return conclude(false)
    const started = performance.now()
    const exchange = exchangeOf(socket, head)
    const refuse = (error: unknown): void =>
      conclude(give(exchange, refusalOf(exchange, error, log), started))
    const answer = (reply: Reply): void => {
      let isGiven: boolean
      try {
        isGiven = give(exchange, reply, started)
      } catch (error) {
        return refuse(error)
      }
      conclude(isGiven)
    }
    let given: Reply | Promise<Reply>
    try {
      given = handle(exchange)
    } catch (error) {
      return refuse(error)
    }
    if (given instanceof Promise) given.then(answer, refuse)
    else answer(given)
  }
}
