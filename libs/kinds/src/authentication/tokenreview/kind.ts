import { refusals, reviewKind, whenAnswered, type Identity } from '#model';
import { items } from '../../validation/checks.js';
import { userFields } from '../user-info.schema.js';
import { tokenReview, type TokenReview, type TokenReviewStatus } from './schema.js';

/** Whose token is this? */
export const tokenReviewKind = reviewKind<TokenReview>({
  names: {
    group: 'authentication.k8s.io',
    version: 'v1',
    kind: 'TokenReview',
    plural: 'tokenreviews',
    namespaced: false,
  },
  schema: tokenReview,
  sealed: [['spec', 'token']],
  check: ({ spec }) => (spec.token ? [] : refusals.badRequest('token is required for TokenReview in authentication')),
  answer(review, context) {
    const { token = '', audiences } = review.spec;
    const question = { asks: 'authenticator', name: 'authenticator', token, audiences: items(audiences) } as const;
    return whenAnswered(context, question, ({ identity }) => ({
      ...review,
      status: statusOf(identity, review.status),
    }));
  },
});

/** Of a bad token only that is said; what else was sent as status stays. */
function statusOf(identity: Identity, sent: TokenReviewStatus | undefined): TokenReviewStatus {
  const { authenticated: _authenticated, ...rest } = sent ?? {};
  if ('error' in identity) return { user: {}, ...rest, error: identity.error };
  const { user, audiences } = identity;
  return { ...rest, authenticated: true, user: userFields(user), ...(audiences.length > 0 && { audiences }) };
}
