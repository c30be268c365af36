import {
  certificateSigningRequests,
  hasCondition,
  isIssued,
  APPROVED,
  DENIED,
  type CertificateSigningRequest,
} from '#kinds';
import type { Change, View } from '#model';

/** Names of the requests that a change is about. */
export function requestOf({ kind, after }: Change): readonly string[] {
  return kind === certificateSigningRequests.id && after ? [after.metadata.name] : [];
}
export function allRequests(view: View): readonly string[] {
  return view.list(certificateSigningRequests).map(({ metadata }) => metadata.name);
}
/** Nobody has decided about it. */
export function isOpen(request: CertificateSigningRequest): boolean {
  return !isIssued(request) && !hasCondition(request, APPROVED) && !hasCondition(request, DENIED);
}
