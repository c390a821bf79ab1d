/** What somebody handed in cannot be understood: one line for people, answered with status 400. */
export class InputError extends Error {
  readonly status = 400
}
