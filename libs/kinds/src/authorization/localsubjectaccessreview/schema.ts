import { f, object, req, string, objectMeta } from '#model';
import type { Stored } from '#model';
import { subjectAccessReviewSpec, subjectAccessReviewStatus } from '../access.schema.js';

export const localSubjectAccessReview = object(
  'io.k8s.api.authorization.v1.LocalSubjectAccessReview',
  'Asks whether somebody may do something in one namespace; the right to ask can be given for that namespace alone.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Must be empty but for the namespace.', { always: {} }),
    spec: req(subjectAccessReviewSpec, 2, 'Who, and what is asked of the same namespace.', { always: {} }),
    status: f(subjectAccessReviewStatus, 3, 'The answer.', { always: {} }),
  },
  { gvk: ['authorization.k8s.io/v1 LocalSubjectAccessReview'] },
);
export type LocalSubjectAccessReview = Stored<typeof localSubjectAccessReview>;
