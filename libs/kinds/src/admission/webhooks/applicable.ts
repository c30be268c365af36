import type { Kind, KubeObject, ObjectIndex, View } from '#model';
import { namingKind } from '../../admissionregistration/resource-pairs.js';
import type { WebhookConfiguration } from '../../admissionregistration/webhooks-by-resource.js';
import type { AnyWebhook } from '../../admissionregistration/webhook.schema.js';
import { items } from '../../validation/checks.js';

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
  const configurations = namingKind(view, index, kind);
  if (configurations.length === 0) return NONE;
  const hooks = configurations.flatMap(({ metadata, webhooks }) =>
    items(webhooks).map((hook) => ({ configuration: metadata.name, hook })),
  );
  return hooks.map((one, at) => ({ ...one, index: at }));
}
const NONE: readonly Webhook[] = [];
