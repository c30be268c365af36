import { f, object, string, objectMeta } from '#model';
import type { Stored } from '#model';
import { validatingWebhook, webhooksField } from '../webhook.schema.js';

export const validatingWebhookConfiguration = object(
  'io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration',
  'Servers that may refuse requests.',
  {
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    kind: f(string, 0, 'Which kind of object this is.'),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    webhooks: webhooksField(validatingWebhook),
  },
  { gvk: ['admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration'] },
);
export type ValidatingWebhookConfiguration = Stored<typeof validatingWebhookConfiguration>;
