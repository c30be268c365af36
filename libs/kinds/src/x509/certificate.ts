import type { Instant } from '#std';
import { GeneralizedTime, UTCTime } from 'asn1js';
import { contextTag, partsOf, readDer } from './asn1.js';
import { firstPemBlock, textOf } from './pem.js';

/** Of a `status.certificate`: certificates that lead to the root come after the first. */
const CHAIN_LENGTH_MAX = 512 * 1024;

/** Why a `status.certificate` (base64 of PEM) is none; undefined for one that is. */
export function certificateProblem(certificate: string): string | undefined {
  if (certificate.length > CHAIN_LENGTH_MAX) return `may not have more than ${CHAIN_LENGTH_MAX} characters`;
  let rest = textOf(certificate) ?? '';
  let count = 0;
  for (let found = firstPemBlock(rest); found; found = firstPemBlock(rest)) {
    const { type, hasHeaders, bytes } = found.block;
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`;
    if (hasHeaders) return 'no PEM block headers are permitted';
    if (bytes.length === 0) return 'found CERTIFICATE PEM block containing 0 certificates';
    if (endOf(bytes) === undefined) return 'x509: malformed certificate';
    rest = found.rest;
    count++;
  }
  return count === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined;
}

/** When the first certificate of a `status.certificate` ends. */
export function certificateEnd(certificate: string): Instant | undefined {
  const block = firstPemBlock(textOf(certificate) ?? '')?.block;
  return block && endOf(block.bytes);
}

function endOf(der: Uint8Array): Instant | undefined {
  const certificate = partsOf(readDer(der));
  const parts = partsOf(certificate[0]);
  // The version is left out of certificates of the first one.
  const withoutVersion = parts[0] && contextTag(parts[0]) === 0 ? parts.slice(1) : parts;
  const [, , , validity, , key] = withoutVersion;
  const [, end] = partsOf(validity);
  const isCertificate = certificate.length === 3 && partsOf(key).length === 2;
  if (!isCertificate || !(end instanceof UTCTime || end instanceof GeneralizedTime)) return undefined;
  return end.toDate().getTime();
}
