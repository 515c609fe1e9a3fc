/**
 * The few ways in which an operation can fail. `http/problems.ts` is the one table from kind to HTTP status;
 * everything that is not a FarmError is our own fault: a logged 500 that tells the client nothing.
 */
export const ERROR_KINDS = [
  'malformed',
  'unauthenticated',
  'forbidden',
  'invalid',
  'not_found',
  'conflict',
  'too_large',
  'too_often',
  'unavailable',
  'no_room',
] as const
export type ErrorKind = (typeof ERROR_KINDS)[number]

export class FarmError extends Error {
  /** `message` names the value and the remedy, `field` the place in the request (`123.priority`, `dependencies`). */
  constructor(
    readonly kind: ErrorKind,
    message: string,
    readonly field?: string,
  ) {
    super(message)
    this.name = 'FarmError'
  }
}

/** Asked again in so many seconds, it may be answered. */
export class TooOften extends FarmError {
  constructor(
    message: string,
    readonly seconds: number,
  ) {
    super('too_often', message)
  }
}

export const invalid = (field: string, message: string) => new FarmError('invalid', message, field)
export const notFound = (message: string, field?: string) => new FarmError('not_found', message, field)
