import { RuntimeFault } from '#ports';
import type { RuntimeFaultReason } from '#ports';

/** What the engine said, without the wrapping that its client puts around it. */
export function toFault(error: unknown, reason?: RuntimeFaultReason): RuntimeFault {
  if (error instanceof RuntimeFault) return error;
  const status = statusOf(error);
  const message = messageOf(error);
  const kind = reason ?? (status === 404 ? 'notFound' : status === undefined ? 'unavailable' : 'other');
  return new RuntimeFault(message, kind, { cause: error });
}
export function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}
function messageOf(error: unknown): string {
  const json = (error as { json?: { message?: unknown } } | undefined)?.json;
  if (typeof json?.message === 'string') return json.message;
  return error instanceof Error ? error.message : String(error);
}
