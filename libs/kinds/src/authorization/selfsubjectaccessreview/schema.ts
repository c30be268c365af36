import { f, type Infer, object, req, string, objectMeta } from '#model';
import type { Stored } from '#model';
import { nonResourceAttributes, resourceAttributes, subjectAccessReviewStatus } from '../access.schema.js';

export const selfSubjectAccessReviewSpec = object(
  'io.k8s.api.authorization.v1.SelfSubjectAccessReviewSpec',
  'What the sender wants to do.',
  {
    resourceAttributes: f(resourceAttributes, 1, 'What is asked of a resource; not together with a path.'),
    nonResourceAttributes: f(nonResourceAttributes, 2, 'What is asked of a path; not together with a resource.'),
  },
);
export type SelfSubjectAccessReviewSpec = Infer<typeof selfSubjectAccessReviewSpec>;

export const selfSubjectAccessReview = object(
  'io.k8s.api.authorization.v1.SelfSubjectAccessReview',
  'Asks whether the sender may do something.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Must be empty.', { always: {} }),
    spec: req(selfSubjectAccessReviewSpec, 2, 'What is asked.', { always: {} }),
    status: f(subjectAccessReviewStatus, 3, 'The answer.', { always: {} }),
  },
  { gvk: ['authorization.k8s.io/v1 SelfSubjectAccessReview'] },
);
export type SelfSubjectAccessReview = Stored<typeof selfSubjectAccessReview>;
