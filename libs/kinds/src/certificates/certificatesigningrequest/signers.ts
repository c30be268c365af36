import type { WantedCertificate } from '#model';
import type { Instant } from '#std';
import { readRequest, type SigningRequest } from '../../x509/signing-request.js';
import type { CertificateSigningRequest } from './schema.js';
import {
  CLIENT_SIGNER,
  FAILED,
  hasCondition,
  isApproved,
  isIssued,
  KUBELET_CLIENT_SIGNER,
  KUBELET_SERVING_SIGNER,
  NODE_BUS_SIGNER,
} from './states.js';

/** What the signer of a request says to it. */
export type Signing = { readonly certificate: WantedCertificate } | { readonly problem: string };

type Rule = (request: SigningRequest, usages: ReadonlySet<string>) => string | undefined;
const RULES: Readonly<Record<string, Rule>> = {
  [CLIENT_SIGNER]: clientProblem,
  [KUBELET_CLIENT_SIGNER]: kubeletClientProblem,
  [KUBELET_SERVING_SIGNER]: kubeletServingProblem,
};

/** What a signer of the cluster does with a request; undefined while there is nothing to do, or for those of other signers. */
export function signingOf(object: CertificateSigningRequest, now: Instant): Signing | undefined {
  const { signerName, usages = [], expirationSeconds, request } = object.spec;
  const rule = RULES[signerName];
  if (!rule || !isApproved(object) || hasCondition(object, FAILED) || isIssued(object)) return undefined;
  const read = readRequest(request);
  if ('problem' in read) return read;
  const problem = rule(read, new Set(usages));
  if (problem !== undefined) return { problem };
  const { commonName: _name, organizations: _organizations, ...kept } = read;
  return { certificate: { ...kept, usages, ...validity(expirationSeconds, now) } };
}

/** Whether this is what a kubelet asks for, for itself: a client certificate, or a place on the bus. */
export function isKubeletClientRequest(
  { signerName, usages = [] }: CertificateSigningRequest['spec'],
  read: SigningRequest,
): boolean {
  const isKubelets = signerName === KUBELET_CLIENT_SIGNER || signerName === NODE_BUS_SIGNER;
  return isKubelets && kubeletClientProblem(read, new Set(usages)) === undefined;
}

const YEAR_S = 365 * 24 * 3600;
const SHORTEST_S = 600;
const SHORT_S = 8 * 3600;
/** For clocks that are a little behind. */
const BACKDATED_S = 300;

/** As asked, between ten minutes and a year; of a long life the time before now is taken away at the end. */
function validity(asked: number | undefined, now: Instant): { readonly begins: Instant; readonly ends: Instant } {
  const seconds = Math.min(Math.max(asked ?? YEAR_S, SHORTEST_S), YEAR_S);
  const rest = seconds < SHORT_S ? seconds : seconds - BACKDATED_S;
  return { begins: now - BACKDATED_S * 1000, ends: now + rest * 1000 };
}

function clientProblem(_request: SigningRequest, usages: ReadonlySet<string>): string | undefined {
  const odd = [...usages].find((usage) => !CLIENT_USAGES.includes(usage));
  if (odd !== undefined) return `invalid usage for client certificate: ${odd}`;
  return usages.has('client auth') ? undefined : 'missing required usage for client certificate: client auth';
}
const CLIENT_USAGES = ['client auth', 'digital signature', 'key encipherment'];

function kubeletClientProblem(request: SigningRequest, usages: ReadonlySet<string>): string | undefined {
  if (!isOfNodes(request)) return NOT_OF_NODES;
  const names: readonly (readonly [string, readonly string[]])[] = [
    ['DNS', request.dnsNames],
    ['Email', request.emailAddresses],
    ['IP', request.ipAddresses],
    ['URI', request.uris],
  ];
  const named = names.find(([, list]) => list.length > 0);
  if (named) return `${named[0]} subjectAltNames are not allowed`;
  return nameProblem(request) ?? usagesProblem(usages, 'client auth');
}

function kubeletServingProblem(request: SigningRequest, usages: ReadonlySet<string>): string | undefined {
  if (!isOfNodes(request)) return NOT_OF_NODES;
  if (request.dnsNames.length === 0 && request.ipAddresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return usagesProblem(usages, 'server auth') ?? nameProblem(request);
}

const NODES = 'system:nodes';
const NOT_OF_NODES = 'subject organization is not system:nodes';
function isOfNodes({ organizations }: SigningRequest): boolean {
  return organizations.length === 1 && organizations[0] === NODES;
}
function nameProblem({ commonName }: SigningRequest): string | undefined {
  return commonName.startsWith('system:node:') ? undefined : 'subject common name does not begin with system:node:';
}
/** A key that cannot wrap others needs no usage for it. */
function usagesProblem(usages: ReadonlySet<string>, purpose: string): string | undefined {
  const wanted = [purpose, 'digital signature', 'key encipherment'].sort();
  const isRight = wanted.every((usage) => usages.has(usage) || usage === 'key encipherment');
  const isAll = [...usages].every((usage) => wanted.includes(usage));
  return isRight && isAll ? undefined : `usages did not match [${wanted.join(' ')}]`;
}
