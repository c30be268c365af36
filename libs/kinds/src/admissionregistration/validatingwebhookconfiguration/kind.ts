import { standardKind } from '#model';
import { jsonEquals, type Json } from '#std';
import { webhookColumns } from '../webhook-columns.js';
import { validateWebhooks } from '../validate-webhooks.js';
import { validatingWebhooksByResource } from './by-resource.js';
import { validatingWebhookConfiguration, type ValidatingWebhookConfiguration } from './schema.js';

/** Servers that are asked about requests and may refuse them. */
export const validatingWebhookConfigurationKind = standardKind<ValidatingWebhookConfiguration>({
  names: {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind: 'ValidatingWebhookConfiguration',
    plural: 'validatingwebhookconfigurations',
    categories: ['api-extensions'],
    namespaced: false,
  },
  schema: validatingWebhookConfiguration,
  columns: webhookColumns,
  indexes: [validatingWebhooksByResource],
  strategy: {
    generation: 'managed',
    generationGrows: (object, old) =>
      !jsonEquals((object.webhooks ?? []) as unknown as Json, (old.webhooks ?? []) as unknown as Json),
    revalidatesMetadata: true,
    validate: ({ webhooks }) => validateWebhooks(webhooks),
    validateUpdate: ({ webhooks }, old) => validateWebhooks(webhooks, old.webhooks ?? []),
  },
});
