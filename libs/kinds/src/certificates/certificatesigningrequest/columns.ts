import { ageColumn, column, humanDuration, nameColumn } from '../../columns.js';
import type { CertificateSigningRequest } from './schema.js';
import { APPROVED, DENIED, FAILED, hasCondition, isIssued } from './states.js';

export const certificateSigningRequestColumns = [
  nameColumn,
  ageColumn,
  column<CertificateSigningRequest>('SignerName', 'Who is to sign', (object) => specOf(object).signerName ?? ''),
  column<CertificateSigningRequest>('Requestor', 'Who asked', (object) => specOf(object).username ?? ''),
  column<CertificateSigningRequest>('RequestedDuration', 'How long it is to be valid', (object) => {
    const { expirationSeconds } = specOf(object);
    return expirationSeconds === undefined ? '<none>' : humanDuration(expirationSeconds * 1000);
  }),
  column<CertificateSigningRequest>('Condition', 'What became of it', stateOf),
];

/** A bookmark of a watch shows an object that has none. */
function specOf({ spec }: CertificateSigningRequest): Partial<CertificateSigningRequest['spec']> {
  return (spec as CertificateSigningRequest['spec'] | undefined) ?? {};
}
function stateOf(object: CertificateSigningRequest): string {
  const decision = hasCondition(object, DENIED) ? DENIED : hasCondition(object, APPROVED) ? APPROVED : 'Pending';
  return [decision, ...(hasCondition(object, FAILED) ? [FAILED] : []), ...(isIssued(object) ? ['Issued'] : [])].join(
    ',',
  );
}
