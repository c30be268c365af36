import { invalid as invalidField } from '#meta';
import {
  decideVirtual,
  isRefusal,
  kindRef,
  objectClaim,
  plainVersion,
  refusals,
  whenAnswered,
  type BoundClaims,
  type IssuedToken,
  type KubeObject,
  type ObjectMeta,
  type Problem,
  type Refusal,
  type SubresourceDecide,
  type TokenWish,
  type VirtualContext,
  type VirtualRules,
} from '#model';
import { podClaims } from '#pod';
import { toTime } from '#std';
import {
  tokenRequest,
  type BoundObjectReference,
  type TokenRequest,
  type TokenRequestSpec,
} from '../../common-types/token-request.schema.js';
import { items, type Problems } from '../../validation/checks.js';

const GROUP = 'authentication.k8s.io';
const SPOKEN = plainVersion('TokenRequest', GROUP, 'v1', tokenRequest);

/** POST of `token`: a token for a service account, that may die with an object. It is signed and forgotten. */
export const decideToken: SubresourceDecide = (request) => decideVirtual<TokenRequest>(request, rules, SPOKEN);

const rules: VirtualRules<TokenRequest> = {
  check({ metadata, spec }, { view, namespace, name }) {
    if (!view.get(accounts, namespace, name)) return missing('serviceaccounts', name);
    const renamed = otherName(metadata.name, name);
    const problems = [...renamed, ...validLife(lifeOf(spec))];
    return problems.length > 0 ? invalid(renamed.length > 0 ? name : '', problems) : undefined;
  },
  answer(request, context) {
    const { view, namespace, name, now, uid } = context;
    const account = view.get<KubeObject>(accounts, namespace, name);
    if (!account) return missing('serviceaccounts', name);
    const { audiences, boundObjectRef } = request.spec;
    const bound = boundObject(boundObjectRef, account, context);
    if (isRefusal(bound)) return bound;
    const wish: TokenWish = {
      ...{ namespace, account: objectClaim(account), audiences: items(audiences) },
      expirationSeconds: lifeOf(request.spec),
      ...(bound && { bound }),
    };
    const question = { asks: 'issuer', name: 'issuer', wish, id: uid, now } as const;
    return whenAnswered(context, question, ({ issued }) => answered(request, issued, { account, now }));
  },
};

const accounts = kindRef('core.serviceaccounts');
const lifeOf = ({ expirationSeconds }: TokenRequestSpec): number => expirationSeconds ?? 3600;

function otherName(given: string | undefined, name: string): Problems {
  if (!given || given === name) return [];
  return [invalidField('metadata.name', given, 'must match the service account name if specified')];
}

function validLife(seconds: number): Problems {
  const problem = (detail: string): Problem => invalidField('spec.expirationSeconds', seconds, detail);
  if (seconds < 600) return [problem('may not specify a duration less than 10 minutes')];
  return seconds > 2 ** 32 ? [problem('may not specify a duration larger than 2^32 seconds')] : [];
}

const BOUND_KINDS = {
  Pod: { id: 'core.pods', claim: 'pod' },
  Secret: { id: 'core.secrets', claim: 'secret' },
  Node: { id: 'core.nodes', claim: 'node' },
} as const;

function boundObject(
  reference: BoundObjectReference | null | undefined,
  account: KubeObject,
  { view, namespace }: VirtualContext,
): BoundClaims | undefined | Refusal {
  if (!reference) return undefined;
  const { kind = '', apiVersion = '', name = '', uid } = reference;
  if (kind !== 'Pod' && kind !== 'Secret' && kind !== 'Node') {
    const groupVersion = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
    return refusals.badRequest(`cannot bind token to object of type ${groupVersion}, Kind=${kind}`);
  }
  if (name === '') return refusals.badRequest('Name parameter required.');
  const { id, claim } = BOUND_KINDS[kind];
  const object = view.get({ id }, kind === 'Node' ? undefined : namespace, name);
  if (!object) return missing(id.slice('core.'.length), name);
  if (uid && uid !== object.metadata.uid) {
    const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    return refusals.conflict({ group: '', resource: kind, kind, name }, why);
  }
  if (kind !== 'Pod') return { claim, object: objectClaim(object) };
  const owner = (object['spec'] as { readonly serviceAccountName?: string } | undefined)?.serviceAccountName;
  if (owner !== account.metadata.name) {
    return refusals.badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(account.metadata.name)} to pod running with different serviceaccount name.`,
    );
  }
  return podClaims(object, view);
}

/** The request with its token, under the account's name. */
function answered(
  request: TokenRequest,
  { token, audiences, expires }: IssuedToken,
  { account, now }: { readonly account: KubeObject; readonly now: number },
): KubeObject {
  const { name, namespace, uid } = account.metadata;
  const { labels, annotations, managedFields } = request.metadata;
  const metadata: ObjectMeta = {
    name,
    uid,
    creationTimestamp: toTime(now),
    ...(namespace && { namespace }),
    ...(labels && { labels }),
    ...(annotations && { annotations }),
    ...(managedFields && { managedFields }),
  };
  const spec: TokenRequestSpec = { ...request.spec, audiences };
  return { ...request, metadata, spec, status: { token, expirationTimestamp: toTime(expires) } };
}

const missing = (resource: string, name: string): Refusal => refusals.notFound({ group: '', resource, kind: '', name });
const invalid = (name: string, problems: Problems): Refusal =>
  refusals.invalid({ group: GROUP, resource: '', kind: 'TokenRequest', name }, problems);
