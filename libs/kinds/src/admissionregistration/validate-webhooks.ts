import { dns1035Label, dns1123Subdomain, duplicate, invalid, notSupported, required } from '#meta';
import { each, items, supportedOnly, type Problems } from '../validation/checks.js';
import { validateLabelSelector } from '../validation/labels.js';
import { validateWebhookClient, type WebhookClient } from '../validation/webhook-client.js';
import { validateMatchConditions } from './expressions.js';
import { validateRule } from './validate-rules.js';
import { compiledCondition } from './webhook-expressions.js';
import type { AnyWebhook } from './webhook.schema.js';

const SIDE_EFFECTS = ['None', 'NoneOnDryRun'];
/** Versions of AdmissionReview. */
const REVIEWS = ['v1', 'v1beta1'];

type Webhooks = readonly AnyWebhook[] | null | undefined;

/** In the order in which Kubernetes checks. Conditions that an update leaves as they are, are not checked again. */
export function validateWebhooks(webhooks: Webhooks, old?: Webhooks): Problems {
  const kept = new Set(items(old).map(({ matchConditions }) => JSON.stringify(matchConditions)));
  const names = new Set<string>();
  return items(webhooks).flatMap((webhook, i) => {
    const field = `webhooks[${i}]`;
    const isKept = old !== undefined && kept.has(JSON.stringify(webhook.matchConditions));
    const isTwice = webhook.name !== '' && names.has(webhook.name);
    names.add(webhook.name);
    return [
      ...webhookProblems(field, webhook),
      ...(isKept
        ? []
        : validateMatchConditions(`${field}.matchConditions`, webhook.matchConditions, compiledCondition)),
      ...reviewProblems(`${field}.admissionReviewVersions`, items(webhook.admissionReviewVersions)),
      ...(isTwice ? [duplicate(`${field}.name`, webhook.name)] : []),
    ];
  });
}

function webhookProblems(field: string, webhook: AnyWebhook): Problems {
  const { timeoutSeconds: seconds } = webhook;
  const outOfRange = 'the timeout value must be between 1 and 30 seconds';
  return [
    ...nameProblems(`${field}.name`, webhook.name),
    ...items(webhook.rules).flatMap((rule, i) => validateRule(`${field}.rules[${i}]`, rule)),
    ...supportedOnly(`${field}.failurePolicy`, webhook.failurePolicy, ['Fail', 'Ignore']),
    ...supportedOnly(`${field}.matchPolicy`, webhook.matchPolicy, ['Equivalent', 'Exact']),
    ...sideEffectProblems(`${field}.sideEffects`, webhook.sideEffects as string | null | undefined),
    ...(seconds !== undefined && (seconds < 1 || seconds > 30)
      ? [invalid(`${field}.timeoutSeconds`, seconds, outOfRange)]
      : []),
    ...validateLabelSelector(`${field}.namespaceSelector`, webhook.namespaceSelector),
    ...validateLabelSelector(`${field}.objectSelector`, webhook.objectSelector),
    ...validateWebhookClient(`${field}.clientConfig`, asKubernetesNames(webhook.clientConfig)),
    ...supportedOnly(`${field}.reinvocationPolicy`, webhook.reinvocationPolicy, ['IfNeeded', 'Never']),
  ];
}

/** Kubernetes says of a service without a name that it has no namespace, and the other way round; recorded answers do too. */
function asKubernetesNames({ url, service }: AnyWebhook['clientConfig']): WebhookClient {
  return {
    ...(url !== undefined && { url }),
    ...(service && { service: { ...service, name: service.namespace, namespace: service.name } }),
  };
}

function nameProblems(field: string, name: string): Problems {
  if (name === '') return [required(field)];
  const wrong = dns1123Subdomain(name);
  if (wrong.length > 0) return each(field, name, wrong);
  if (name.split('.').length >= 3) return [];
  return [invalid(field, name, 'should be a domain with at least three segments separated by dots')];
}

function sideEffectProblems(field: string, sideEffects: string | null | undefined): Problems {
  if (sideEffects === undefined || sideEffects === null)
    return [required(field, 'must specify one of None, NoneOnDryRun')];
  return SIDE_EFFECTS.includes(sideEffects) ? [] : [notSupported(field, sideEffects, SIDE_EFFECTS)];
}

function reviewProblems(field: string, versions: readonly string[]): Problems {
  if (versions.length === 0) return [required(field, 'must specify one of v1, v1beta1')];
  const seen = new Set<string>();
  const ofEach = versions.flatMap((version, i) => {
    const place = `${field}[${i}]`;
    const isTwice = seen.has(version);
    seen.add(version);
    return [
      ...(isTwice ? [invalid(place, version, 'duplicate version')] : []),
      ...each(place, version, dns1035Label(version)),
    ];
  });
  const isKnown = versions.some((version) => REVIEWS.includes(version));
  return isKnown || ofEach.length > 0 ? ofEach : [invalid(field, versions, 'must include at least one of v1, v1beta1')];
}
