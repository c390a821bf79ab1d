/** An archive is broken, hostile or beyond our limits; the message says why, without its name. */
export class ArchiveError extends Error {}
