import { f, object, string, objectMeta } from '#model';
import type { Stored } from '#model';
import { mutatingWebhook, webhooksField } from '../webhook.schema.js';

export const mutatingWebhookConfiguration = object(
  'io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration',
  'Servers that may change and refuse requests.',
  {
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    kind: f(string, 0, 'Which kind of object this is.'),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    webhooks: webhooksField(mutatingWebhook),
  },
  { gvk: ['admissionregistration.k8s.io/v1 MutatingWebhookConfiguration'] },
);
export type MutatingWebhookConfiguration = Stored<typeof mutatingWebhookConfiguration>;
