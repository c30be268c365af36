import {
  apiVersionOf,
  refusals,
  type Admitted,
  type KubeObject,
  type HttpsQuestion,
  type Refusal,
  type SpokenForm,
} from '#model';
import { uuidOf, type JsonObject } from '#std';
import { webhookConditions } from '../../admissionregistration/webhook-expressions.js';
import { items } from '../../validation/checks.js';
import { webhookEndpoint } from '../../webhook-client.js';
import {
  attributesOf,
  matchingVersion,
  namespaceSelected,
  objectSelected,
  type RequestAttributes,
  type VersionedResource,
} from '../matching/index.js';
import { conditionsMatch } from '../policies/conditions.js';
import { RequestValues, requestJson } from '../policies/request-values.js';
import type { Webhook } from './applicable.js';

/** Shows the objects of a request as a webhook sees them. */
export interface Sight {
  show(object: KubeObject, form: SpokenForm): JsonObject;
}

/** A webhook that a request is to be sent to. */
export interface Call {
  readonly webhook: Webhook;
  /** Form of the objects in the version that the webhook's rules name. */
  readonly form: SpokenForm;
  readonly uid: string;
  readonly question: HttpsQuestion;
  /** Why the service cannot be resolved. */
  readonly unreachable: string | undefined;
  /** Values of the object must not be in the log in clear. */
  readonly isSealed: boolean;
}

/** What a webhook is to be asked about the request; undefined when it is not about it. */
export function callOf(
  request: Admitted,
  webhook: Webhook,
  { role, sight }: { readonly role: 'mutating' | 'validating'; readonly sight: Sight },
): Call | Refusal | undefined {
  const attributes = attributesOf(request);
  const matched = matchedVersion(request, webhook, attributes);
  if (matched === undefined || 'refused' in matched) return matched;
  const { hook, configuration } = webhook;
  const form = formFor(request, attributes, matched);
  const name = `${role} webhook ${configuration}/${hook.name}${request.again === undefined ? '' : ' again'}`;
  const uid = uuidOf(`${request.command.correlationId} ${request.uid} ${name}`);
  const { object, old } = attributes;
  const body: JsonObject = {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${items(hook.admissionReviewVersions).find((one) => one === 'v1' || one === 'v1beta1') ?? 'v1'}`,
    request: {
      uid,
      ...requestJson(request, attributes, { matched, resource: matched }),
      object: object ? sight.show(object, form) : null,
      oldObject: old ? form.show(withVersion(old, request)) : null,
    },
  };
  const { clientConfig, timeoutSeconds = 10 } = hook;
  const { to, unreachable } = webhookEndpoint(clientConfig, { view: request.view, timeoutSeconds, seed: uid });
  const timeoutMs = timeoutSeconds * 1000;
  const isSealed = request.kind.sealed.length > 0;
  return { webhook, form, uid, question: { asks: 'https', name, to, body, timeoutMs }, unreachable, isSealed };
}

function matchedVersion(
  request: Admitted,
  { hook }: Webhook,
  attributes: RequestAttributes,
): VersionedResource | Refusal | undefined {
  const matched = matchingVersion(items(hook.rules), hook.matchPolicy, attributes);
  if (!matched || !objectSelected(hook.objectSelector, attributes)) return undefined;
  const isIn = namespaceSelected(hook.namespaceSelector, attributes);
  if (isIn === false) return undefined;
  const { namespace } = attributes;
  if (isIn === 'missing')
    return refusals.notFound({ group: '', resource: 'namespaces', kind: 'Namespace', name: namespace });
  const conditions = items(hook.matchConditions);
  if (conditions.length === 0) return matched;
  const compiled = webhookConditions(hook.matchConditions);
  const verdict = conditionsMatch(
    conditions,
    conditions.map(({ expression }) => compiled.get(expression)),
    {
      variables: new RequestValues(request, attributes).variables(matched, undefined).conditions,
      failurePolicy: hook.failurePolicy,
    },
  );
  if (verdict.is !== 'error') return verdict.is === 'matched' ? matched : undefined;
  const { group, resource } = attributes.requested;
  return refusals.forbidden({ group, resource, kind: request.kind.names.kind, name: attributes.name }, verdict.message);
}

/** The requested version is the client's form; another one is the same object in that version. */
function formFor({ form }: Admitted, { requested }: RequestAttributes, matched: VersionedResource): SpokenForm {
  const isRequested = matched.group === requested.group && matched.version === requested.version;
  return (isRequested ? undefined : form.in?.(apiVersionOf(matched.group, matched.version))) ?? form;
}

export function withVersion(object: KubeObject, { oldVersion }: Pick<Admitted, 'oldVersion'>): KubeObject {
  if (oldVersion === undefined) return object;
  return { ...object, metadata: { ...object.metadata, resourceVersion: oldVersion } };
}
