/** A word that a POSIX shell, and Python's `shlex`, reads as exactly this text. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", `'"'"'`)}'`

/** Words as a command line for a POSIX shell; what needs no quotes has none. */
export const shellLine = (words: readonly string[]): string =>
  words.map(word => (/^[A-Za-z0-9_./:=@+,-]+$/.test(word) ? word : shellWord(word))).join(' ')
