/** A rule forbids it. The message is the rule in one line. */
export class DeniedError extends Error {
  readonly status = 403
}
