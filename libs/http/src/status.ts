import type { Refusal, StatusDetails } from '#model';
import type { JsonObject } from '#std';

/** A refusal that also carries `Warning` headers or must be sent as plain text. */
export interface HttpRefusal extends Refusal {
  readonly warnings?: readonly string[];
  /** Sent instead of a Status. */
  readonly text?: string;
}

/** 503 in plain text, as Kubernetes' aggregator answers. */
export function unavailable(message: string): HttpRefusal {
  return { ...refused(503, 'ServiceUnavailable', message), text: `${message}\n` };
}

/** The Status object of a refusal, in the shape that Kubernetes writes. */
export function statusOf(refusal: Refusal): JsonObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: refusal.continue === undefined ? {} : { continue: refusal.continue },
    status: 'Failure',
    message: refusal.message,
    ...(refusal.reason !== '' && { reason: refusal.reason }),
    ...(refusal.details && { details: refusal.details as unknown as JsonObject }),
    code: refusal.code,
  };
}

export function success(details: StatusDetails): JsonObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: details as unknown as JsonObject,
  };
}

const refused = (code: number, reason: string, message: string, details?: StatusDetails): HttpRefusal => ({
  refused: true,
  code,
  reason,
  message,
  ...(details && { details }),
});

export const answers = {
  badRequest: (message: string): HttpRefusal => refused(400, 'BadRequest', message),
  unauthorized: refused(401, 'Unauthorized', 'Unauthorized'),
  noSuchResource: refused(404, 'NotFound', 'the server could not find the requested resource', {}),
  noSuchPage: { ...refused(404, 'NotFound', '404 page not found'), text: '404 page not found\n' },
  methodNotAllowed: refused(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  ),
  /** Of a resource that clients defined. */
  notSupported: (verb: string, group: string, resource: string): HttpRefusal =>
    refused(405, 'MethodNotAllowed', `${verb} is not supported on resources of kind "${resource}.${group}"`, {
      group,
      kind: resource,
    }),
  notAcceptable: (accepted: readonly string[]): HttpRefusal =>
    refused(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`),
  noSuchForm: (asked: string, what: string): HttpRefusal =>
    refused(406, 'NotAcceptable', `you requested ${asked}, but the requested object is ${what}`),
  /** What the router itself says, before the resource's own negotiation. */
  routeNotAcceptable: (produced: readonly string[]): HttpRefusal =>
    refused(406, 'NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${produced.join(', ')}`, {}),
  routeUnsupportedMediaType: refused(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {}),
  unsupportedMediaType: (accepted: readonly string[]): HttpRefusal =>
    refused(
      415,
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
    ),
  tooLarge: (limit: number): HttpRefusal =>
    refused(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limit}`),
  internal: (message: string): HttpRefusal => refused(500, '', message),
  expired: (message: string): HttpRefusal => refused(410, 'Expired', message),
  tooLargeVersion: (asked: number, current: number): HttpRefusal =>
    refused(504, 'Timeout', `Too large resource version: ${asked}, current: ${current}`, {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    }),
};
