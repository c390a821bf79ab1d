/** What somebody claims of a file cannot be right; one line for the client, answered with status 400. */
export class ClaimError extends Error {
  readonly status = 400
}

/**
 * A text from outside, fit for a message of one line: in quotes, printable ASCII only, and cut
 * after 60 characters.
 */
export const shown = (text: string): string => {
  const plain = text.slice(0, 60).replace(/[^\x20-\x7e]/g, '?')
  return `'${plain}${text.length > 60 ? '...' : ''}'`
}
