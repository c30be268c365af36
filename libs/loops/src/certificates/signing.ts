import { CERTIFICATE_ISSUED, certificateSigningRequests, FAILED, signingOf } from '#kinds';
import type { Loop } from '#model';
import { patch, streamOfObject } from '../shared/index.js';
import { allRequests, requestOf } from './requests.js';

/**
 * Has approved requests of the cluster's own signers signed, or says why they are not. The certificate is made where the command is
 * decided, for the CA's key is nowhere else. Keys are names.
 */
export const certificateSigning: Loop = {
  name: 'certificate-signing',
  account: 'certificate-controller',
  keysOf: requestOf,
  keysAtStart: allRequests,
  reconcile(view, key, now) {
    const request = view.get(certificateSigningRequests, undefined, key);
    const signing = request && signingOf(request, now);
    if (!signing) return [];
    const basedOn = [streamOfObject(certificateSigningRequests, request)];
    if (!('problem' in signing)) {
      const because = 'it is approved and is what its signer takes';
      const event = { type: CERTIFICATE_ISSUED };
      return [patch(certificateSigningRequests, request, {}, { subresource: 'status', because, basedOn, event })];
    }
    const { problem } = signing;
    const failed = { type: FAILED, status: 'True', reason: 'SignerValidationFailure', message: problem };
    const conditions = [...(request.status?.conditions ?? []), failed];
    const because = `its signer does not take it: ${problem}`;
    return [
      patch(
        certificateSigningRequests,
        request,
        { status: { conditions } },
        { subresource: 'status', because, basedOn },
      ),
    ];
  },
};
