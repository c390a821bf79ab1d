/** The value in the middle. */
export const median = values => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * Measures every target once in each round, in turn, so that whatever else the machine does meets
 * them alike: the median for each target's name. One that is `optional` and fails is left out, and said so.
 */
export const interleaved = async (targets, rounds, once) => {
  const seen = new Map(targets.map(target => [target.name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const target of targets.filter(({ name }) => seen.has(name))) {
      try {
        seen.get(target.name).push(await once(target))
      } catch (error) {
        if (!target.optional) throw error
        seen.delete(target.name)
        process.stderr.write(`left out: ${target.name}: ${error.message}\n`)
      }
    }
  }
  return new Map([...seen].map(([name, values]) => [name, median(values)]))
}

const figure = value => {
  if (value === undefined) return '—'
  if (value >= 1000) return Math.round(value).toLocaleString('en')
  if (value >= 100) return value.toFixed(0)
  return value.toFixed(value >= 10 ? 1 : 2)
}

/** A figure with its unit, to three digits or so; a dash when nothing was seen. */
export const show = (value, unit) => (value === undefined ? '—' : `${figure(value)} ${unit}`.trim())

/** A row in which ours is set against others by ratio. `bounds` are `[name, factor]`; more is better. */
export const rate = (work, unit, values, bounds) => compare(work, unit, values, bounds, '≥')

/** The same where less is better. */
export const time = (work, unit, values, bounds) => compare(work, unit, values, bounds, '≤')

const compare = (work, unit, values, bounds, sign) => {
  const ours = values.get('ours')
  const ratios = bounds.map(([name]) =>
    ours === undefined || !values.has(name) ? undefined : ours / values.get(name),
  )
  const holds = (ratio, bound) => (sign === '≥' ? ratio >= bound : ratio <= bound)
  return {
    work,
    required: bounds.map(([name, factor]) => `${sign} ${factor} × ${name}`).join(', '),
    cells: new Map([...values].map(([name, value]) => [name, show(value, unit)])),
    ratio: ratios
      .map(ratio =>
        ratio === undefined ? '—' : (
          ratio.toFixed(
            ratio >= 10 ? 0
            : ratio >= 0.9 ? 3
            : 2,
          )
        ),
      )
      .join(', '),
    met:
      ratios.includes(undefined) ? undefined : (
        ratios.every((ratio, at) => holds(ratio, bounds[at][1]))
      ),
  }
}

/** A row whose figure of ours has a limit of its own; `seen` is how it reads. */
export const limit = (work, required, seen, met) => ({
  work,
  required,
  cells: new Map([['ours', seen]]),
  ratio: '',
  met,
})
