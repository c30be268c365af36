import { kindRef } from '#model';
import { webhooksByResource } from '../webhooks-by-resource.js';
import type { MutatingWebhookConfiguration } from './schema.js';

export const mutatingWebhookConfigurations = kindRef<MutatingWebhookConfiguration>(
  'admissionregistration.k8s.io.mutatingwebhookconfigurations',
);
export const mutatingWebhooksByResource = webhooksByResource(
  'mutating webhooks by resource',
  mutatingWebhookConfigurations,
);
