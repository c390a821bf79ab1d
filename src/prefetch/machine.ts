import { allowsPython, environmentOf, type Environment, type Target } from '../spec/environment.ts'
import { WheelChoice } from '../spec/wheel-choice.ts'

/** What those who will install can use: the machines for which a target stands. */
export class Machine {
  readonly target: Target
  readonly environment: Environment
  readonly wheels: WheelChoice
  readonly #runs = new Map<string, boolean>()

  constructor(target: Target) {
    this.target = target
    this.environment = environmentOf(target)
    this.wheels = new WheelChoice(target)
  }

  /** `Python 3.12 on linux-x86_64`. */
  get title(): string {
    return `Python ${this.target.python} on ${this.target.platform}`
  }

  /** True when a `Requires-Python` lets its Python in; one that cannot be read excludes none. */
  runs(requiresPython: string | null | undefined): boolean {
    const text = requiresPython ?? ''
    const known = this.#runs.get(text)
    if (known !== undefined) return known
    const runs = text === '' || allowsPython(text, this.environment)
    this.#runs.set(text, runs)
    return runs
  }
}
