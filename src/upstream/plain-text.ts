/** Characters that are kept. */
const longest = 300

/**
 * What a foreign server said, fit to be passed on: one line without tags, control characters and
 * what turns the direction of writing, at most 300 characters.
 */
export const plainText = (text: string): string =>
  text
    .slice(0, 20_000)
    .replace(/<(style|script)\b[^>]{0,500}>[^<]{0,5000}/gi, ' ')
    .replace(/<[^<>]{0,500}>/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .slice(0, longest)
