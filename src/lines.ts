import { closeSync, openSync, write } from 'node:fs'

/** Characters that may wait for a slow disk or reader; what comes on top is dropped and counted. */
const most = 8 * 1024 * 1024

/** Milliseconds for which lines are collected: a write costs as much as ten requests. */
const collecting = 20

/** Milliseconds until a pipe that was full is tried again. */
const pause = 20

const writeSome = (descriptor: number, bytes: Uint8Array): Promise<number> =>
  new Promise((resolve, reject) => {
    write(descriptor, bytes, (error, written) => (error ? reject(error) : resolve(written)))
  })

const openLog = (path: string): number => {
  try {
    return openSync(path, 'a', 0o644)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Error(`log file ${path} cannot be opened (${code}); choose another with --log`, {
      cause: error,
    })
  }
}

/**
 * Lines on their way to a file or to standard output. They are collected for an instant and written together,
 * one write at a time, so that a line costs next to nothing. Trouble with the disk or with the reader
 * loses lines and never stops the program (faults S07, C37).
 */
export class Lines {
  readonly #path: string | undefined
  #descriptor: number
  #waiting: string[] = []
  #size = 0
  #dropped = 0
  #writing: Promise<void> | undefined
  #reopen = false

  /** Appends to the file at `path`, or to standard output without one. Throws one line when it cannot be opened. */
  constructor(path: string | undefined) {
    this.#path = path
    this.#descriptor = path === undefined ? 1 : openLog(path)
  }

  add(line: string): void {
    if (this.#size + line.length > most) {
      this.#dropped++
      return
    }
    this.#waiting.push(line)
    this.#size += line.length
    this.#writing ??= new Promise(resolve => {
      setTimeout(() => {
        void this.#drain().then(resolve)
      }, collecting)
    })
  }

  /** Resolves when every line so far is written or lost. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing
  }

  /** Goes on in a new file of the same name once the write under way is done. */
  reopen(): void {
    this.#reopen = true
    if (this.#writing === undefined) this.#exchange()
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const text = this.#waiting.join('')
      this.#waiting = []
      this.#size = 0
      if (this.#reopen) this.#exchange()
      await this.#write(text)
      if (this.#waiting.length > 0) await new Promise(resolve => setTimeout(resolve, collecting))
    }
    this.#writing = undefined
    if (this.#reopen) this.#exchange()
  }

  async #write(text: string): Promise<void> {
    let bytes: Uint8Array = Buffer.from(text)
    let tries = 0
    while (bytes.length > 0) {
      try {
        bytes = bytes.subarray(await writeSome(this.#descriptor, bytes))
      } catch (error) {
        const full = (error as NodeJS.ErrnoException).code === 'EAGAIN'
        if (!full || tries++ > 500) {
          this.#dropped += text.split('\n').length - 1
          return
        }
        await new Promise(resolve => setTimeout(resolve, pause))
      }
    }
    if (this.#dropped === 0) return
    const dropped = this.#dropped
    this.#dropped = 0
    await this.#write(`(${dropped} log lines were lost: disk full, or nobody read them)\n`)
  }

  // The calls are synchronous, but there is one of them for each log rotation.
  #exchange(): void {
    this.#reopen = false
    if (this.#path === undefined) return
    try {
      const next = openSync(this.#path, 'a', 0o644)
      closeSync(this.#descriptor)
      this.#descriptor = next
    } catch {
      // The old file still takes lines.
    }
  }
}
