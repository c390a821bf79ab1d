import type { Progress } from '../prefetch/prefetch.ts'
import { longBytes } from './banner.ts'

/** Milliseconds between two drawings: more often nobody can read. */
const pause = 100

const width = 24

interface Screen {
  readonly isTTY?: boolean
  write(text: string): unknown
}

const draw = ({ projects, wanted, done, bytes }: Progress): string => {
  if (wanted === 0) return `looking at ${projects} projects`
  const filled = Math.floor((done / wanted) * width)
  const bar = '='.repeat(filled) + (filled < width ? '>' : '')
  return `[${bar.padEnd(width)}] ${done} of ${wanted} files, ${longBytes(bytes)} fetched`
}

/** One line on a terminal, drawn again as the work goes on; nothing at all where it is no terminal. */
export class ProgressLine {
  readonly #screen: Screen
  #drawnAt = -Infinity
  #isDrawn = false

  constructor(screen: Screen) {
    this.#screen = screen
  }

  show(progress: Progress): void {
    const now = performance.now()
    if (this.#screen.isTTY !== true || now - this.#drawnAt < pause) return
    this.#drawnAt = now
    this.#isDrawn = true
    this.#screen.write(`\r${draw(progress)}\u001b[K`)
  }

  /** Wipes the line away, for what is printed next. */
  clear(): void {
    if (this.#isDrawn) this.#screen.write('\r\u001b[K')
    this.#isDrawn = false
  }
}
