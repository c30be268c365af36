import { standardKind } from '#model';
import { jsonEquals, type Json } from '#std';
import { webhookColumns } from '../webhook-columns.js';
import { validateWebhooks } from '../validate-webhooks.js';
import { mutatingWebhooksByResource } from './by-resource.js';
import { mutatingWebhookConfiguration, type MutatingWebhookConfiguration } from './schema.js';

/** Servers that are asked about requests and may change them. */
export const mutatingWebhookConfigurationKind = standardKind<MutatingWebhookConfiguration>({
  names: {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind: 'MutatingWebhookConfiguration',
    plural: 'mutatingwebhookconfigurations',
    categories: ['api-extensions'],
    namespaced: false,
  },
  schema: mutatingWebhookConfiguration,
  columns: webhookColumns,
  indexes: [mutatingWebhooksByResource],
  strategy: {
    generation: 'managed',
    generationGrows: (object, old) =>
      !jsonEquals((object.webhooks ?? []) as unknown as Json, (old.webhooks ?? []) as unknown as Json),
    revalidatesMetadata: true,
    validate: ({ webhooks }) => validateWebhooks(webhooks),
    validateUpdate: ({ webhooks }, old) => validateWebhooks(webhooks, old.webhooks ?? []),
  },
});
