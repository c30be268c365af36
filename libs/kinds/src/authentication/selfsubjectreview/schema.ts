import { f, object, string, objectMeta } from '#model';
import type { Stored } from '#model';
import { userInfo } from '../user-info.schema.js';

export const selfSubjectReviewStatus = object(
  'io.k8s.api.authentication.v1.SelfSubjectReviewStatus',
  'Who the sender is.',
  { userInfo: f(userInfo, 1, 'The sender.', { always: {} }) },
);

export const selfSubjectReview = object(
  'io.k8s.api.authentication.v1.SelfSubjectReview',
  'Asks who the sender is to the server.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Not looked at.', { always: {} }),
    status: f(selfSubjectReviewStatus, 2, 'The answer.', { always: {} }),
  },
  { gvk: ['authentication.k8s.io/v1 SelfSubjectReview'] },
);
export type SelfSubjectReview = Stored<typeof selfSubjectReview>;
