/**
 * Why a file cannot have one of the demanded hashes (`sha256:<hex>`), by what is known of it;
 * undefined when it has one of them, none is demanded, or its own are of other algorithms.
 */
export const contradiction = (
  demanded: readonly string[],
  known: Readonly<Record<string, string>>,
): string | undefined => {
  let other: string | undefined
  for (const [algorithm, digest] of Object.entries(known)) {
    const prefix = `${algorithm}:`
    const comparable = demanded.filter(hash => hash.startsWith(prefix))
    if (comparable.includes(prefix + digest)) return undefined
    if (comparable.length > 0)
      other ??= `${algorithm} is ${digest}, demanded is ${comparable.map(hash => hash.slice(prefix.length)).join(' or ')}`
  }
  return other
}
