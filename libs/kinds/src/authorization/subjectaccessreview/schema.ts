import { f, object, req, string, objectMeta } from '#model';
import type { Stored } from '#model';
import { subjectAccessReviewSpec, subjectAccessReviewStatus } from '../access.schema.js';

export const subjectAccessReview = object(
  'io.k8s.api.authorization.v1.SubjectAccessReview',
  'Asks whether somebody may do something.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Must be empty.', { always: {} }),
    spec: req(subjectAccessReviewSpec, 2, 'Who, and what is asked.', { always: {} }),
    status: f(subjectAccessReviewStatus, 3, 'The answer.', { always: {} }),
  },
  { gvk: ['authorization.k8s.io/v1 SubjectAccessReview'] },
);
export type SubjectAccessReview = Stored<typeof subjectAccessReview>;
