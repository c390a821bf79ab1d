/** How many letters must be added, dropped, changed or swapped with their neighbour to make `b` of `a`. */
const distance = (a: string, b: string): number => {
  let older: number[] = []
  let old = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const now = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let best = Math.min(
        (old[column] ?? 0) + 1,
        (now[column - 1] ?? 0) + 1,
        (old[column - 1] ?? 0) + (same ? 0 : 1),
      )
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (row > 1 && column > 1 && swapped) best = Math.min(best, (older[column - 2] ?? 0) + 1)
      now.push(best)
    }
    older = old
    old = now
  }
  return old[b.length] ?? 0
}

/** The known name that was probably meant, or undefined when none is near. */
export const nearest = (name: string, known: readonly string[]): string | undefined => {
  const asked = name.slice(0, 40).toLowerCase()
  const limit = Math.max(1, Math.floor(asked.length / 3))
  const [best] = known
    .map(candidate => ({ candidate, far: distance(asked, candidate.toLowerCase()) }))
    .filter(({ far }) => far <= limit)
    .toSorted((a, b) => a.far - b.far)
  return best?.candidate
}

/** `; did you mean "port"?`, or nothing. */
export const didYouMean = (name: string, known: readonly string[]): string => {
  const meant = nearest(name, known)
  return meant === undefined ? '' : `; did you mean "${meant}"?`
}
