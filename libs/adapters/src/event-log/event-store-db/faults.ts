import { ErrorType } from '@eventstore/db-client';
import { LogUnavailable } from '#ports';

/** What the server says that trying again does not change. */
const PERMANENT: ReadonlySet<string> = new Set([
  ErrorType.ACCESS_DENIED,
  ErrorType.INVALID_ARGUMENT,
  ErrorType.INVALID_TRANSACTION,
  ErrorType.STREAM_DELETED,
  ErrorType.UNSUPPORTED,
]);
const GRPC_UNAUTHENTICATED = 16;
const GRPC_UNIMPLEMENTED = 12;

export function typeOf(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null || !('type' in cause)) return undefined;
  return typeof cause.type === 'string' ? cause.type : undefined;
}

/** A number that the client hangs on its errors; -1 where it says that there is no stream. */
export function numberIn(cause: unknown, field: 'actualVersion' | 'maxAppendSize'): number {
  const value: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, field) : undefined;
  return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : -1;
}

export function isPermanent(cause: unknown): boolean {
  if (PERMANENT.has(typeOf(cause) ?? '')) return true;
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return false;
  return cause.code === GRPC_UNAUTHENTICATED || cause.code === GRPC_UNIMPLEMENTED;
}

export function unavailable(server: string, cause: unknown): LogUnavailable {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const advice = isPermanent(cause) ? 'check its user and its rights' : 'check that it runs and can be reached';
  return new LogUnavailable(`The event log at ${server} cannot be used: ${reason}; ${advice}.`, { cause });
}

export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
