import { kindRef } from '#model';
import { webhooksByResource } from '../webhooks-by-resource.js';
import type { ValidatingWebhookConfiguration } from './schema.js';

export const validatingWebhookConfigurations = kindRef<ValidatingWebhookConfiguration>(
  'admissionregistration.k8s.io.validatingwebhookconfigurations',
);
export const validatingWebhooksByResource = webhooksByResource(
  'validating webhooks by resource',
  validatingWebhookConfigurations,
);
