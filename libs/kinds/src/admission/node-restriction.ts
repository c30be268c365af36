import { mayNodeLabel } from '#meta';
import { refusals, type AdmissionPlugin, type Admitted, type KubeObject, type Refusal } from '#model';
import { jsonEquals, type Json } from '#std';
import type { CertificateSigningRequest } from '../certificates/certificatesigningrequest/schema.js';
import { KUBELET_CLIENT_SIGNER, KUBELET_SERVING_SIGNER } from '../certificates/certificatesigningrequest/states.js';
import { readRequest } from '../x509/signing-request.js';
import { nodeOf } from '../access/node-authorizer.js';
import type { TokenRequest } from '../common-types/token-request.schema.js';
import { nodePodProblem } from './node-pods.js';
import { nodeTokenRefusal } from './node-tokens.js';

/** What the node authorizer cannot see, for it knows only what a request is about: a node writes itself and its own pods. */
export const nodeRestriction: AdmissionPlugin = {
  name: 'NodeRestriction',
  // Before validation, so that a node hears of a request that cannot be read that it is not its own.
  mutate(request) {
    const node = request.kind.id === SIGNING_REQUESTS ? nodeOf(request.command.actor) : undefined;
    const why = node ? signingRequestProblem(request, node) : undefined;
    return why === undefined ? (tokenRefusal(request) ?? request.object) : forbidden(request, why);
  },
  validate(request) {
    const node = nodeOf(request.command.actor);
    if (node === undefined) return undefined;
    if (node === '')
      return forbidden(request, `could not determine node from user ${quoted(request.command.actor.name)}`);
    const why = RULES[request.kind.id]?.(request, node);
    return why === undefined ? undefined : forbidden(request, why);
  },
};

/** A token for what a node runs: asked before the account is looked at. */
function tokenRefusal({ kind, subresource, command, object, view }: Admitted): Refusal | undefined {
  if (kind.id !== 'core.serviceaccounts' || subresource !== 'token') return undefined;
  return nodeTokenRefusal(command, (object as TokenRequest).spec, view);
}

type Labels = Readonly<Record<string, string>>;
type Rule = (request: Admitted, node: string) => string | undefined;

const SIGNING_REQUESTS = 'certificates.k8s.io.certificatesigningrequests';

/** A node asks for certificates in its own name; all else about them is the signer's to check. */
function signingRequestProblem({ operation, object, subresource }: Admitted, node: string): string | undefined {
  const { signerName, request } = (object as CertificateSigningRequest).spec;
  const isOfNode = signerName === KUBELET_CLIENT_SIGNER || signerName === KUBELET_SERVING_SIGNER;
  if (operation !== 'CREATE' || subresource !== undefined || !isOfNode) return undefined;
  const read = readRequest(request);
  if ('problem' in read) return `unable to parse csr: ${read.problem}`;
  return read.commonName === `system:node:${node}`
    ? undefined
    : `can only create a node CSR with CN=system:node:${node}`;
}

const RULES: Readonly<Record<string, Rule>> = {
  'core.nodes': nodeProblem,
  'core.pods': nodePodProblem,
  'coordination.k8s.io.leases': ofItsName('node lease'),
  'storage.k8s.io.csinodes': ofItsName('CSINode'),
};

/** Objects of a kind of which each node has one, with its own name. */
function ofItsName(what: string): Rule {
  return ({ object }, node) =>
    object.metadata.name === node ? undefined : `can only access ${what} with the same name as the requesting node`;
}

function nodeProblem({ operation, object, old, command }: Admitted, node: string): string | undefined {
  const labels = forbiddenLabels(object.metadata.labels, operation === 'CREATE' ? undefined : old?.metadata.labels);
  if (operation === 'CREATE' && labels.length > 0)
    return `node ${quoted(node)} is not allowed to set the following labels: ${labels.join(', ')}`;
  const name = operation === 'CREATE' ? object.metadata.name : command.name;
  if (name !== node) return `node ${quoted(node)} is not allowed to modify node ${quoted(name)}`;
  if (operation !== 'UPDATE' || !old) return undefined;
  if (!jsonEquals(taintsOf(object), taintsOf(old))) return `node ${quoted(node)} is not allowed to modify taints`;
  if (labels.length > 0) return `node ${quoted(node)} is not allowed to modify labels: ${labels.join(', ')}`;
  if (!jsonEquals(owners(object), owners(old))) return `node ${quoted(node)} is not allowed to modify ownerReferences`;
  return undefined;
}
const taintsOf = (object: KubeObject): Json => (object['spec'] as { readonly taints?: Json } | undefined)?.taints ?? [];
const owners = ({ metadata }: KubeObject): Json => (metadata.ownerReferences ?? []) as unknown as Json;

const quoted = (text: string): string => JSON.stringify(text);

function forbidden({ kind, object, command }: Admitted, why: string): Refusal {
  const { group, plural } = kind.names;
  const name = object.metadata.generateName || object.metadata.name || command.name;
  return refusals.forbidden({ group, resource: plural, kind: kind.names.kind, name }, why);
}

/** The labels that differ from those before and that no node may change of itself, sorted. */
function forbiddenLabels(labels: Labels = {}, before: Labels = {}): readonly string[] {
  const changed = new Set(
    [...Object.keys(labels), ...Object.keys(before)].filter((key) => labels[key] !== before[key]),
  );
  return [...changed].filter((key) => !mayNodeLabel(key)).sort();
}
