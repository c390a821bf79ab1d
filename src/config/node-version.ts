/** The oldest release that runs this program, and of each line the oldest without known security holes (fault X26). */
const oldest = [20, 19, 0] as const
const secure: ReadonlyMap<number, string> = new Map([
  [20, '20.20.2'],
  [22, '22.22.2'],
  [24, '24.14.1'],
])

const isBelow = (version: readonly number[], floor: readonly number[]): boolean => {
  for (const [index, part] of floor.entries()) {
    const own = version[index] ?? 0
    if (own !== part) return own < part
  }
  return false
}

const numbers = (version: string): number[] => version.split('.').map(part => parseInt(part, 10))

/** Why this release of Node cannot be used, or undefined. */
export const nodeTooOld = (version: string): string | undefined =>
  isBelow(numbers(version), oldest) ?
    `Node ${version} is too old; install ${oldest.join('.')} or later`
  : undefined

/** What is wrong with this release of Node though it can be used, or undefined. */
export const nodeInsecure = (version: string): string | undefined => {
  const floor = secure.get(numbers(version)[0] ?? 0)
  return floor !== undefined && isBelow(numbers(version), numbers(floor)) ?
      `Node ${version} has known security holes; install ${floor} or later`
    : undefined
}
