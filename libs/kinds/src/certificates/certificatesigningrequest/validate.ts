import {
  byteLength,
  dns1123Label,
  dns1123Subdomain,
  duplicate,
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
} from '#meta';
import { jsonEquals, type Json } from '#std';
import { each, items, type Problems } from '../../validation/checks.js';
import { certificateProblem } from '../../x509/certificate.js';
import { readSignedRequest } from '../../x509/signing-request.js';
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from './schema.js';
import { APPROVED, DENIED, FAILED, LEGACY_SIGNER } from './states.js';

const USAGES = [
  ...['any', 'cert sign', 'client auth', 'code signing', 'content commitment', 'crl sign', 'data encipherment'],
  ...['decipher only', 'digital signature', 'email protection', 'encipher only', 'ipsec end system', 'ipsec tunnel'],
  ...['ipsec user', 'key agreement', 'key encipherment', 'microsoft sgc', 'netscape sgc', 'ocsp signing', 's/mime'],
  ...['server auth', 'signing', 'timestamping'],
];
const SHORTEST_S = 600;
const DOMAIN_BYTES_MAX = 253;
const SIGNER_BYTES_MAX = 571;

/** Problems of a new request, in the order in which Kubernetes finds them. */
export function validateNew({ spec }: CertificateSigningRequest): Problems {
  const {
    request = '',
    usages,
    signerName = '',
    expirationSeconds,
  } = spec as Partial<CertificateSigningRequest['spec']>;
  const read = readSignedRequest(request);
  return [
    ...('problem' in read ? [invalid('spec.request', spec.request ?? null, read.problem)] : []),
    ...usageProblems(items(usages)),
    ...signerProblems(signerName),
    ...(expirationSeconds !== undefined && expirationSeconds < SHORTEST_S
      ? [invalid('spec.expirationSeconds', expirationSeconds, TOO_SHORT)]
      : []),
  ];
}
const TOO_SHORT = 'may not specify a duration less than 600 seconds (10 minutes)';

function usageProblems(usages: readonly string[]): Problems {
  if (usages.length === 0) return [required('spec.usages')];
  return [
    ...usages.flatMap((usage, i) => (USAGES.includes(usage) ? [] : [notSupported(`spec.usages[${i}]`, usage, USAGES)])),
    ...usages.flatMap((usage, i) => (usages.indexOf(usage) < i ? [duplicate(`spec.usages[${i}]`, usage)] : [])),
  ];
}

const SIGNER = 'spec.signerName';
function signerProblems(name: string): Problems {
  if (name === LEGACY_SIGNER)
    return [invalid(SIGNER, name, 'the legacy signerName is not allowed via this API version')];
  if (name === '') return [required(SIGNER)];
  const [domain = '', path = '', ...more] = name.split('/');
  if (!name.includes('/') || more.length > 0)
    return [invalid(SIGNER, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  const labels = domain.split('.');
  const wrong = (value: string, part: string, sentences: readonly string[]): Problems =>
    each(
      SIGNER,
      value,
      sentences.map((sentence) => `validating label ${JSON.stringify(part)}: ${sentence}`),
    );
  return [
    ...(byteLength(domain) > DOMAIN_BYTES_MAX ? [tooLong(SIGNER, DOMAIN_BYTES_MAX)] : []),
    ...labels.flatMap((label) => wrong(domain, label, dns1123Label(label))),
    ...(labels.length < 2
      ? [invalid(SIGNER, domain, 'should be a domain with at least two segments separated by dots')]
      : []),
    ...wrong(path, path, dns1123Subdomain(path)),
    ...(byteLength(name) > SIGNER_BYTES_MAX ? [tooLong(SIGNER, SIGNER_BYTES_MAX)] : []),
  ];
}

/** What a write of the object, of its approval or of its status may do to the status. */
export interface MayChange {
  readonly approval: boolean;
  readonly certificate: boolean;
}

/** Problems of a changed status. The rest of the object never changes. */
export function validateChange(
  object: CertificateSigningRequest,
  old: CertificateSigningRequest,
  may: MayChange,
): Problems {
  const [now, before] = [items(object.status?.conditions), items(old.status?.conditions)];
  const certificate = object.status?.certificate ?? '';
  return [
    ...conditionProblems(now),
    ...(certificate === '' ? [] : each(CERTIFICATE, '<certificate data>', listed(certificateProblem(certificate)))),
    ...[APPROVED, DENIED, FAILED].flatMap((type) =>
      countOf(now, type) < countOf(before, type)
        ? [forbidden(CONDITIONS, `updates may not remove a condition of type ${JSON.stringify(type)}`)]
        : [],
    ),
    ...(may.approval ? [] : [APPROVED, DENIED].flatMap((type) => approvalProblems(type, now, before))),
    ...certificateProblems(certificate, old.status?.certificate ?? '', may),
  ];
}
const CONDITIONS = 'status.conditions';
const CERTIFICATE = 'status.certificate';

type Conditions = readonly CertificateSigningRequestCondition[];
const KNOWN = [APPROVED, DENIED, FAILED];

function conditionProblems(conditions: Conditions): Problems {
  const seen = new Set<string>();
  return conditions.flatMap(({ type, status }, i) => {
    const supported = KNOWN.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    const isBoth = (type === APPROVED && seen.has(DENIED)) || (type === DENIED && seen.has(APPROVED));
    const isTwice = seen.has(type);
    seen.add(type);
    return [
      ...(type === '' ? [required(`${CONDITIONS}[${i}].type`)] : []),
      ...(status === '' ? [required(`${CONDITIONS}[${i}].status`)] : []),
      ...(status !== '' && !supported.includes(status)
        ? [notSupported(`${CONDITIONS}[${i}].status`, status, supported)]
        : []),
      ...(isBoth ? [invalid(CONDITIONS, type, 'Approved and Denied conditions are mutually exclusive')] : []),
      ...(isTwice ? [duplicate(`${CONDITIONS}[${i}].type`, type)] : []),
    ];
  });
}

function ofType(conditions: Conditions, type: string): Conditions {
  return conditions.filter((condition) => condition.type === type);
}
function countOf(conditions: Conditions, type: string): number {
  return ofType(conditions, type).length;
}
function approvalProblems(type: string, now: Conditions, before: Conditions): Problems {
  const [ours, theirs] = [ofType(now, type), ofType(before, type)];
  if (ours.length < theirs.length || jsonEquals(ours as unknown as Json, theirs as unknown as Json)) return [];
  const what = ours.length > theirs.length ? 'add' : 'modify';
  return [forbidden(CONDITIONS, `updates may not ${what} a condition of type ${JSON.stringify(type)}`)];
}

function certificateProblems(now: string, before: string, may: MayChange): Problems {
  if (now === before) return [];
  if (!may.certificate) return [forbidden(CERTIFICATE, 'updates may not set certificate content')];
  return before === '' ? [] : [forbidden(CERTIFICATE, 'updates may not modify existing certificate content')];
}
const listed = (problem: string | undefined): readonly string[] => (problem === undefined ? [] : [problem]);
