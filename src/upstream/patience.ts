/** What work gives, or after some milliseconds without it something else; the work goes on. */
export const withPatience = async <T>(
  work: Promise<T>,
  milliseconds: number,
  otherwise: () => T,
): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const tired = new Promise<'tired'>(resolve => {
    timer = setTimeout(resolve, milliseconds, 'tired')
  })
  try {
    const first = await Promise.race([work, tired])
    if (first !== 'tired') return first
    // It goes on for whoever comes next.
    work.catch(() => {})
    return otherwise()
  } finally {
    clearTimeout(timer)
  }
}
