import {
  aboutOf,
  decideVerb,
  isUndecided,
  NO_ANSWERS,
  refusals,
  type Decided,
  type Question,
  type Request,
} from '#model';
import type { CertificateSigningRequest } from './schema.js';
import { signingOf } from './signers.js';

/** The event by which a signer of the cluster answers a request. A command that names it carries no certificate. */
export const CERTIFICATE_ISSUED = 'CertificateIssued';

/** A write of the status; one by a signer of the cluster has the certificate signed first. */
export function decideStatus(request: Request): Decided {
  return request.command.event?.type === CERTIFICATE_ISSUED ? issue(request) : decideVerb(request);
}

/**
 * Whoever sends the command, what is signed follows from the request as it is stored: that it is approved, that its signer's rules
 * hold, and every part of the certificate.
 */
function issue(request: Request): Decided {
  const { command, decideContext, now } = request;
  const about = aboutOf(request, command.name);
  const old = request.old as CertificateSigningRequest | undefined;
  if (old === undefined) return refusals.notFound(about);
  const signing = signingOf(old, now);
  if (signing === undefined || 'problem' in signing)
    return refusals.conflict(about, signing?.problem ?? 'there is nothing to sign for the signers of this cluster');
  const question: Question<'signer'> = { asks: 'signer', name: 'certificate', certificate: signing.certificate };
  const answer = (decideContext.answers ?? NO_ANSWERS).to(question);
  if (answer === undefined) return { questions: [question] };
  if (answer.is === 'failed') return refusals.unavailable(`the certificate was not signed: ${answer.why}`);
  const body = { status: { certificate: btoa(answer.chain) } };
  const decided = decideVerb({ ...request, command: { ...command, body } });
  if (isUndecided(decided)) return decided;
  const recorded = { from: `signer ${old.spec.signerName}`, outcome: 'signed' } as const;
  return { ...decided, answers: [...(decided.answers ?? []), recorded] };
}
