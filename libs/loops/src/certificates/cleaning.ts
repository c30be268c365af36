import {
  APPROVED,
  certificateEnd,
  certificateSigningRequests,
  DENIED,
  FAILED,
  isApproved,
  isIssued,
  NODE_BUS_SIGNER,
  type CertificateSigningRequest,
} from '#kinds';
import type { Loop } from '#model';
import { parseInstant, type Instant } from '#std';
import { remove, streamOfObject, wakeAtFirst } from '../shared/index.js';
import { allRequests, requestOf } from './requests.js';

const HOUR_MS = 3_600_000;
const DECIDED_MS = HOUR_MS;
const OPEN_MS = 24 * HOUR_MS;

/** When a request is to go, and why. */
interface Due {
  readonly at: Instant | undefined;
  readonly because: string;
}

/** Deletes requests that nobody waits for any more. Keys are names. */
export const certificateCleaning: Loop = {
  name: 'certificate-cleaning',
  account: 'certificate-controller',
  keysOf: requestOf,
  keysAtStart: allRequests,
  reconcile(view, key, now) {
    const request = view.get(certificateSigningRequests, undefined, key);
    if (!request || request.metadata.deletionTimestamp !== undefined) return [];
    const dues = duesOf(request);
    const due = dues.find(({ at }) => at !== undefined && at <= now);
    if (!due)
      return wakeAtFirst(
        dues.map(({ at }) => at),
        now,
      );
    const basedOn = [streamOfObject(certificateSigningRequests, request)];
    return [remove(certificateSigningRequests, request, { because: due.because, basedOn })];
  },
};

function duesOf(request: CertificateSigningRequest): readonly Due[] {
  const { metadata, spec, status } = request;
  const since = (type: string): Instant | undefined =>
    after(status?.conditions?.find((condition) => condition.type === type)?.lastUpdateTime, DECIDED_MS);
  return [
    ...(isIssued(request) ? [{ at: since(APPROVED), because: 'it was approved and issued an hour ago' }] : []),
    // Nothing is issued to these: whoever may use the approval has long done so.
    ...(spec.signerName === NODE_BUS_SIGNER
      ? [{ at: since(APPROVED), because: 'it was approved an hour ago, and its node is on the bus' }]
      : []),
    { at: since(DENIED), because: 'it was denied an hour ago' },
    { at: since(FAILED), because: 'its signer refused it an hour ago' },
    ...(isIssued(request) && isApproved(request)
      ? [{ at: certificateEnd(status?.certificate ?? ''), because: 'its certificate has ended' }]
      : []),
    ...((status?.conditions ?? []).length === 0
      ? [{ at: after(metadata.creationTimestamp, OPEN_MS), because: 'nobody decided about it in a day' }]
      : []),
  ];
}
function after(time: string | undefined, ms: number): Instant | undefined {
  const at = parseInstant(time);
  return at === undefined ? undefined : at + ms;
}
