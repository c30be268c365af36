import { tokenRequest } from '#kinds';
import type {
  Command,
  Kind,
  KindRegistry,
  KubeObject,
  ObjectMeta,
  ObjectType,
  Problem,
  ReadObject,
  Refusal,
  UserInfo,
  View,
} from '#model';
import { plainVersion, readBody, refusals } from '#model';
import type { Keys } from '#ports';
import type { Instant, Json, JsonObject } from '#std';
import { isJsonObject, toTime } from '#std';
import { issueToken, type IssuedToken, type TokenWish } from './issue-token.js';
import { answers } from './status.js';

export interface TokenCall {
  readonly keys: Pick<Keys, 'signToken'>;
  readonly issuer: string;
  readonly view: View;
  readonly now: Instant;
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  /** As it was sent, for who owns which field. */
  readonly body: Json;
  readonly request: KubeObject;
  readonly fieldManager: string;
}

/** POST of `serviceaccounts/<name>/token`. */
export async function requestToken(call: TokenCall): Promise<JsonObject | Refusal> {
  const { view, namespace, name } = call;
  const { spec, metadata } = partsOf(call.request);
  if (!view.get({ id: 'core.namespaces' }, undefined, namespace)) return missing('namespaces', namespace);
  const account = view.get({ id: 'core.serviceaccounts' }, namespace, name);
  if (!account) return missing('serviceaccounts', name);
  if (metadata.namespace && metadata.namespace !== namespace) {
    return answers.badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const problems = problemsOf(spec.expirationSeconds);
  if (metadata.name && metadata.name !== name) {
    problems.unshift({
      type: 'Invalid',
      field: 'metadata.name',
      value: metadata.name,
      detail: 'must match the service account name if specified',
    });
    return invalid(name, problems);
  }
  if (problems.length > 0) return invalid('', problems);
  const bound = boundObject(spec.boundObjectRef, account, call);
  if (bound && 'refused' in bound) return bound;
  const audiences = spec.audiences.length > 0 ? spec.audiences : [call.issuer];
  const wish: TokenWish = {
    namespace,
    account,
    audiences,
    expirationSeconds: spec.expirationSeconds,
    ...(bound && { bound }),
  };
  const issued = await issueToken(call.keys, wish, call);
  return answerFor(call, account, { ...spec, audiences }, { issued, owned: ownedFields(call.body) });
}

interface Spec {
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly boundObjectRef: Reference | null;
}
interface Reference {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly name?: string;
  readonly uid?: string;
}

/** The body as a TokenRequest, or why it is none. */
export function readTokenRequest(
  body: { readonly value: Json; readonly duplicates: readonly string[] },
  given: {
    readonly fieldValidation: 'Strict' | 'Warn' | 'Ignore';
    readonly kinds: KindRegistry;
    readonly kind: Kind;
    readonly user: UserInfo;
  },
): ReadObject | Refusal {
  const { fieldValidation, kinds, kind, user } = given;
  const command: Command = {
    verb: 'create',
    kind: kind.id,
    apiVersion: 'v1',
    name: '',
    subresource: 'token',
    body: body.value,
    options: { fieldValidation, duplicateFields: body.duplicates },
    actor: user,
    via: 'api',
    correlationId: '',
  };
  const spoken = plainVersion('TokenRequest', 'authentication.k8s.io', 'v1', tokenRequest as ObjectType<unknown>);
  return readBody(command, spoken, { now: 0, uid: '', kind, kinds });
}

function partsOf(object: KubeObject): { spec: Spec; metadata: Partial<ObjectMeta> } {
  const { audiences, expirationSeconds, boundObjectRef } = (object['spec'] ?? {}) as Partial<Spec>;
  const spec = {
    audiences: audiences ?? [],
    expirationSeconds: expirationSeconds ?? 3600,
    boundObjectRef: boundObjectRef ?? null,
  };
  return { spec, metadata: object.metadata };
}

function problemsOf(seconds: number): Problem[] {
  const problem = (detail: string): Problem[] => [
    { type: 'Invalid', field: 'spec.expirationSeconds', value: seconds, detail },
  ];
  if (seconds < 600) return problem('may not specify a duration less than 10 minutes');
  return seconds > 2 ** 32 ? problem('may not specify a duration larger than 2^32 seconds') : [];
}

const BOUND_KINDS = { Pod: 'core.pods', Secret: 'core.secrets', Node: 'core.nodes' } as const;

function boundObject(
  reference: Reference | null,
  account: KubeObject,
  { view, namespace }: TokenCall,
): TokenWish['bound'] | Refusal {
  if (!reference) return undefined;
  const { kind = '', apiVersion = '', name = '', uid } = reference;
  if (kind !== 'Pod' && kind !== 'Secret' && kind !== 'Node') {
    const groupVersion = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
    return answers.badRequest(`cannot bind token to object of type ${groupVersion}, Kind=${kind}`);
  }
  if (name === '') return answers.badRequest('Name parameter required.');
  const id = BOUND_KINDS[kind];
  const object = view.get({ id }, kind === 'Node' ? undefined : namespace, name);
  if (!object) return missing(id.slice('core.'.length), name);
  if (uid && uid !== object.metadata.uid) {
    const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    return refusals.conflict({ group: '', resource: kind, kind, name }, why);
  }
  const owner = (object['spec'] as { readonly serviceAccountName?: string } | undefined)?.serviceAccountName;
  if (kind === 'Pod' && owner !== account.metadata.name) {
    return answers.badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(account.metadata.name)} to pod running with different serviceaccount name.`,
    );
  }
  return { kind, object };
}

function answerFor(
  call: TokenCall,
  account: KubeObject,
  spec: Spec,
  made: { issued: IssuedToken; owned: JsonObject },
): JsonObject {
  const { namespace, name, now, fieldManager } = call;
  const { labels, annotations } = call.request.metadata;
  const apiVersion = 'authentication.k8s.io/v1';
  const managed = {
    manager: fieldManager,
    operation: 'Update',
    apiVersion,
    time: toTime(now),
    fieldsType: 'FieldsV1',
    fieldsV1: made.owned,
    subresource: 'token',
  };
  return {
    kind: 'TokenRequest',
    apiVersion,
    metadata: {
      name,
      namespace,
      uid: account.metadata.uid,
      creationTimestamp: toTime(now),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      managedFields: [managed],
    },
    spec: { ...spec, boundObjectRef: spec.boundObjectRef as unknown as Json },
    status: { token: made.issued.token, expirationTimestamp: toTime(made.issued.expires) },
  };
}
/** What the sender said, and the life that it was given when it said none. */
function ownedFields(body: Json): JsonObject {
  const sent = isJsonObject(body) ? body : {};
  const metadata = isJsonObject(sent['metadata']) ? sent['metadata'] : {};
  const texts = { ...ownedTexts('labels', metadata['labels']), ...ownedTexts('annotations', metadata['annotations']) };
  const spec = isJsonObject(sent['spec']) ? sent['spec'] : {};
  const status = ownedKeys(sent['status']);
  const reference = ownedKeys(spec['boundObjectRef']);
  return {
    ...(Object.keys(texts).length > 0 && { 'f:metadata': texts }),
    'f:spec': {
      ...(Array.isArray(spec['audiences']) && { 'f:audiences': {} }),
      ...(reference && { 'f:boundObjectRef': reference }),
      'f:expirationSeconds': {},
    },
    ...(status && { 'f:status': status }),
  };
}
function ownedTexts(field: string, value: Json | undefined): JsonObject {
  const keys = ownedKeys(value);
  return keys ? { [`f:${field}`]: { '.': {}, ...keys } } : {};
}
function ownedKeys(value: Json | undefined): JsonObject | undefined {
  if (!isJsonObject(value) || Object.keys(value).length === 0) return undefined;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [`f:${key}`, {}]),
  );
}

const missing = (resource: string, name: string): Refusal => refusals.notFound({ group: '', resource, kind: '', name });
const invalid = (name: string, problems: readonly Problem[]): Refusal =>
  refusals.invalid({ group: 'authentication.k8s.io', resource: '', kind: 'TokenRequest', name }, problems);
