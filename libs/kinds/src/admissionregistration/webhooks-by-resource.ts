import type { KindRef, KubeObject, ObjectIndex } from '#model';
import { items } from '../shared/validation/checks.js';
import type { AnyWebhook } from './webhook.schema.js';

/** Pairs of group and resource under which one configuration is indexed; one with more is found for every request. */
const PAIRS_MAX = 64;
/** Found for every resource. */
const ANY_RESOURCE = '*/*';

export type WebhookConfiguration = KubeObject & { readonly webhooks?: readonly AnyWebhook[] | null };

/** Configurations by the groups and main resources that their rules name, so that a request costs those that may match it. */
export function webhooksByResource<T extends WebhookConfiguration>(name: string, kind: KindRef<T>): ObjectIndex<T> {
  return {
    name,
    kind,
    part: ({ webhooks }) => webhooks,
    values({ webhooks }) {
      const pairs = new Set<string>();
      for (const { rules } of items(webhooks)) {
        for (const { apiGroups, resources } of items(rules)) {
          for (const group of items(apiGroups)) {
            for (const resource of items(resources)) {
              pairs.add(`${group}/${resource.split('/', 1)[0] ?? ''}`);
              if (pairs.size > PAIRS_MAX) return [ANY_RESOURCE];
            }
          }
        }
      }
      return [...pairs];
    },
  };
}
