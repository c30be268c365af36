import type { Kind, KubeObject, ObjectIndex, View } from '#model';
import type { WebhookConfiguration } from '../../admissionregistration/webhooks-by-resource.js';
import type { AnyWebhook } from '../../admissionregistration/webhook.schema.js';
import { items } from '../../shared/validation/checks.js';

/** One webhook of a configuration. */
export interface Webhook {
  /** Name of its configuration. */
  readonly configuration: string;
  /** Its place among all webhooks that may be called for the request. */
  readonly index: number;
  readonly hook: AnyWebhook;
}

/** Webhooks whose rules name a kind in one of its versions, in the order of their configurations' names. */
export function webhooksFor<T extends KubeObject & WebhookConfiguration>(
  view: View,
  index: ObjectIndex<T>,
  kind: Kind,
): readonly Webhook[] {
  const found = new Map<string, T>();
  for (const pair of pairsOf(kind))
    for (const configuration of view.by(index, pair)) found.set(configuration.metadata.name, configuration);
  if (found.size === 0) return NONE;
  const sorted = [...found.values()].sort((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1));
  const hooks = sorted.flatMap(({ metadata, webhooks }) =>
    items(webhooks).map((hook) => ({ configuration: metadata.name, hook })),
  );
  return hooks.map((one, at) => ({ ...one, index: at }));
}
const NONE: readonly Webhook[] = [];

const known = new WeakMap<Kind, readonly string[]>();

/** What rules may write for a kind. Every write asks, so it is remembered. */
function pairsOf(kind: Kind): readonly string[] {
  let pairs = known.get(kind);
  if (!pairs) {
    const { group, plural } = kind.names;
    const groups = new Set([group, ...kind.served.map((one) => one.group), '*']);
    pairs = [...groups].flatMap((one) => [`${one}/${plural}`, `${one}/*`]);
    known.set(kind, pairs);
  }
  return pairs;
}
