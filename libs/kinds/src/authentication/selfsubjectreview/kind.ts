import { reviewKind, type ObjectMeta } from '#model';
import { toTime } from '#std';
import { userFields } from '../user-info.schema.js';
import { selfSubjectReview, type SelfSubjectReview } from './schema.js';

/** Who am I? The answer is a new object: nothing of the question comes back. */
export const selfSubjectReviewKind = reviewKind<SelfSubjectReview>({
  names: {
    group: 'authentication.k8s.io',
    version: 'v1',
    kind: 'SelfSubjectReview',
    plural: 'selfsubjectreviews',
    namespaced: false,
  },
  schema: selfSubjectReview,
  answer({ apiVersion, kind }, { user, now }) {
    const metadata = { creationTimestamp: toTime(now) } as ObjectMeta;
    return { apiVersion, kind, metadata, status: { userInfo: userFields(user) } };
  },
});
