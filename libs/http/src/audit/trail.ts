import { cut } from '#engine';
import type { AccessVerdict, RequestOrigin, UserInfo } from '#model';
import type { Instant, Json } from '#std';
import type { AnyRequest } from '../authenticate.js';
import type { RequestInfo } from '../request-info.js';
import { keeps, type AuditDecision } from './policy.js';

/** What is known of a request while it is served; filled in on its way. */
export interface Trail {
  readonly auditId: string;
  readonly received: Instant;
  readonly source: string | undefined;
  info?: RequestInfo;
  /** Who the connection or the token belongs to. */
  authenticated?: UserInfo;
  /** Who that user asked to be taken for. */
  impersonated?: UserInfo;
  verdict?: AccessVerdict;
  /** What admission adds to the annotations. */
  annotations?: Readonly<Record<string, string>>;
  /** What a policy keeps of the request; undefined without a policy, or before it was asked. */
  decision?: AuditDecision;
  /** The body, where it is to be kept. */
  requestObject?: Json;
  /** A body was to be kept and is too large for that. */
  isTruncated?: boolean;
}

/** How a request ended. */
export interface Outcome {
  readonly code: number;
  readonly reason?: string;
  readonly message?: string;
  /** The object that a write was about, whose name a create's path does not have. */
  readonly about?: { readonly name: string; readonly uid?: string };
  /** The answer as JSON text. */
  readonly json?: string;
}

/** A body or an answer of more characters is not kept: a line of the audit stays small, and its memory bounded. */
export const KEPT_LENGTH_MAX = 100 * 1024;
const PATH_MAX = 1024;

/** Keeps the body of a request if the policy says so. */
export function noteBody(trail: Trail, body: Json | undefined): void {
  if (body === undefined || trail.decision === undefined || !keeps(trail.decision.level, 'Request')) return;
  if (JSON.stringify(body).length > KEPT_LENGTH_MAX) trail.isTruncated = true;
  else trail.requestObject = body;
}

/** What the event of a write says of its request. */
export function originOf({ auditId, source }: Trail, request: AnyRequest): RequestOrigin {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  return { auditId, verb: request.method ?? 'GET', path: cut(path, PATH_MAX), ...(source !== undefined && { source }) };
}
