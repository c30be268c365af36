import { ErrorType } from '@eventstore/db-client';
import type { Failure } from '../log-worker/protocol.js';

/** What the server says that trying again does not change. */
const PERMANENT: ReadonlySet<string> = new Set([
  ErrorType.ACCESS_DENIED,
  ErrorType.INVALID_ARGUMENT,
  ErrorType.INVALID_TRANSACTION,
  ErrorType.STREAM_DELETED,
  ErrorType.UNSUPPORTED,
]);
const GRPC_PERMANENT: ReadonlySet<unknown> = new Set([7, 12, 16]);

/** Something under this cluster's name that Shiplog did not write. */
export class Damaged extends Error {
  override readonly name = 'Damaged';
  readonly position: number | undefined;
  constructor(message: string, position: number | undefined) {
    super(message);
    this.position = position;
  }
}

export function typeOf(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null || !('type' in cause)) return undefined;
  return typeof cause.type === 'string' ? cause.type : undefined;
}

/** The limit that the server names when it refuses an event for its size. */
export function appendBytesMaxIn(cause: unknown): number | undefined {
  if (typeOf(cause) !== ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED) return undefined;
  const value: unknown = Reflect.get(cause as object, 'maxAppendSize');
  return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : undefined;
}

export function isPermanent(cause: unknown): boolean {
  if (cause instanceof Damaged || PERMANENT.has(typeOf(cause) ?? '')) return true;
  return typeof cause === 'object' && cause !== null && 'code' in cause && GRPC_PERMANENT.has(cause.code);
}

/** What the main thread is told; `clean` takes secrets out of what the library wrote. */
export function failureOf(cause: unknown, server: string, clean: (text: string) => string): Failure {
  if (cause instanceof Damaged) {
    const { message, position } = cause;
    return position === undefined ? { is: 'damaged', message } : { is: 'damaged', message, position };
  }
  const reason = clean(cause instanceof Error ? cause.message : String(cause)).trim();
  const advice = isPermanent(cause) ? 'check its user and its rights' : 'check that it runs and can be reached';
  return { is: 'unavailable', message: `The event log at ${server} cannot be used: ${reason}; ${advice}.` };
}

export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
