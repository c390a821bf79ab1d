import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { wholeRequest, type ParsedHead, type Repeats } from './repeats.ts'

/**
 * Answers a request past the parser.
 * @param conclude called once, at once or later: false when only the parser's way will do, and nothing was sent
 */
export type AnswerAgain = (
  socket: Socket,
  head: ParsedHead,
  conclude: (isAnswered: boolean) => void,
) => void

type Listener = (...args: unknown[]) => void

/**
 * One connection between the socket and Node's parser. As long as nothing but whole requests without
 * a body come, one at a time, a request that is known by its bytes is answered here, and the parser
 * never hears of it. With the first packet that is anything else the connection is Node's for good,
 * so that no byte is ever taken for the begin of a request that belongs to something else.
 */
export class Line {
  readonly #socket: Socket
  readonly #repeats: Repeats
  readonly #answer: AnswerAgain
  // Node's own, which are called by hand as long as this stands between.
  readonly #parse: Listener
  readonly #finish: Listener
  /** `new`: the parser must see a first request, or it takes the connection for one that never says anything. */
  #state: 'new' | 'idle' | 'parsing' | 'answering' | 'handed over' = 'new'
  // What the parser was given, until it finds more in it than one request.
  #text: string | undefined
  #isBegun = false
  // What came while an answer was prepared.
  #held: Buffer | undefined
  #isEnded = false

  /** @param socket one that Node's server has just begun to listen to */
  constructor(socket: Socket, repeats: Repeats, answer: AnswerAgain) {
    this.#socket = socket
    this.#repeats = repeats
    this.#answer = answer
    this.#parse = socket.listeners('data').at(-1) as Listener
    this.#finish = socket.listeners('end').at(-1) as Listener
    socket.off('data', this.#parse).off('end', this.#finish)
    socket.on('data', this.#take).on('end', this.#end)
  }

  /** True while an answer is prepared that the parser knows nothing of. */
  get isAnswering(): boolean {
    return this.#state === 'answering'
  }

  /** The parser has found a request. */
  begin(): void {
    // Lines may end otherwise than they should, so there may be one more in the same packet.
    if (this.#isBegun || this.#text === undefined) this.#handOver()
    else this.#isBegun = true
  }

  /**
   * That request is answered.
   * @param isAtHand the answer took no waiting for its body
   * @param isKept the connection goes on, and nothing of the request is still to come
   */
  answered(request: IncomingMessage, isAtHand: boolean, isKept: boolean): void {
    const text = this.#text
    if (this.#state !== 'parsing' || text === undefined) return
    this.#text = undefined
    if (!isKept) return this.#handOver()
    if (isAtHand) this.#repeats.remember(text, request)
    this.#state = 'idle'
  }

  readonly #take = (packet: Buffer): void => {
    if (this.#state === 'answering') {
      this.#held = this.#held === undefined ? packet : Buffer.concat([this.#held, packet])
      this.#socket.pause()
      return
    }
    const isIdle = this.#state === 'idle' || this.#state === 'new'
    const text = isIdle ? wholeRequest(packet) : undefined
    if (text === undefined) {
      this.#handOver()
      this.#parse(packet)
      return
    }
    const known = this.#state === 'idle' ? this.#repeats.recall(text) : undefined
    if (known === undefined) this.#let(packet, text)
    else this.#again(packet, text, known)
  }

  readonly #end = (): void => {
    if (this.#state === 'answering') this.#isEnded = true
    else this.#finish()
  }

  #let(packet: Buffer, text: string): void {
    this.#state = 'parsing'
    this.#text = text
    this.#isBegun = false
    this.#parse(packet)
  }

  #again(packet: Buffer, text: string, known: ParsedHead): void {
    const socket = this.#socket
    this.#state = 'answering'
    this.#answer(socket, known, isAnswered => {
      // The parser of a connection that has gone may be another's by now.
      if (socket.destroyed) return
      if (!isAnswered) {
        this.#let(packet, text)
        this.#goOn()
      } else if (socket.writableNeedDrain) socket.once('drain', this.#rest)
      else this.#rest()
    })
  }

  readonly #rest = (): void => {
    this.#state = 'idle'
    this.#goOn()
  }

  #goOn(): void {
    const held = this.#held
    if (held !== undefined) {
      this.#held = undefined
      this.#take(held)
      this.#socket.resume()
    }
    if (this.#isEnded && !this.isAnswering) this.#finish()
  }

  #handOver(): void {
    if (this.#state === 'handed over') return
    this.#state = 'handed over'
    const socket = this.#socket
    socket.off('data', this.#take).off('end', this.#end)
    socket.on('data', this.#parse).on('end', this.#finish)
  }
}
