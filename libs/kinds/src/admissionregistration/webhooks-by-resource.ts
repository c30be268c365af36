import type { KindRef, KubeObject, ObjectIndex } from '#model';
import { items } from '../validation/checks.js';
import { pairsOfRules } from './resource-pairs.js';
import type { AnyWebhook } from './webhook.schema.js';

export type WebhookConfiguration = KubeObject & { readonly webhooks?: readonly AnyWebhook[] | null };

/** Configurations by the groups and main resources that their rules name, so that a request costs those that may match it. */
export function webhooksByResource<T extends WebhookConfiguration>(name: string, kind: KindRef<T>): ObjectIndex<T> {
  return {
    name,
    kind,
    part: ({ webhooks }) => webhooks,
    values: ({ webhooks }) => pairsOfRules(items(webhooks).flatMap(({ rules }) => items(rules))),
  };
}
