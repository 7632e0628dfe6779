import { messageOf } from '../../errors.js';

export type FailureKind =
  /** The server answers that it does not have the file. */
  | 'absent'
  /** Asking again can help: a connection that broke, a server that is overloaded. */
  | 'transient'
  /** Asking again can't: what came is wrong, or too large. */
  | 'final';

/** Why a server did not give the file. */
export class Failure extends Error {
  readonly kind: FailureKind;
  /** Milliseconds after which the server wants to be asked again. */
  readonly retryAfter: number | undefined;

  constructor(kind: FailureKind, reason: string, retryAfter?: number) {
    super(printable(reason));
    this.kind = kind;
    this.retryAfter = retryAfter;
  }
}

/** What a connection threw, as a failure. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  // Where several addresses of a name were tried, Node's AggregateError has no message of its own.
  const { errors: [first] = [error] } = error as { errors?: unknown[] };
  return new Failure('transient', messageOf(first));
}

/** Without what would move a terminal's cursor: words of a server may be in it. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?');
}
