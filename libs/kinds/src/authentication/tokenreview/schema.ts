import { boolean, f, type Infer, list, object, req, string, objectMeta } from '#model';
import type { Stored } from '#model';
import { userInfo } from '../user-info.schema.js';

export const tokenReviewSpec = object('io.k8s.api.authentication.v1.TokenReviewSpec', 'A token to be looked at.', {
  token: f(string, 1, 'The token.'),
  audiences: f(list(string), 2, 'For whom the token should be; none for the server itself.', { listType: 'atomic' }),
});

export const tokenReviewStatus = object('io.k8s.api.authentication.v1.TokenReviewStatus', 'Whose the token is.', {
  authenticated: f(boolean, 1, 'Whether the token is good.'),
  user: f(userInfo, 2, 'Whose it is.', { always: {} }),
  audiences: f(list(string), 4, 'Those of the asked audiences that the token is for.', { listType: 'atomic' }),
  error: f(string, 3, 'Why the token is not good.'),
});
export type TokenReviewStatus = Infer<typeof tokenReviewStatus>;

export const tokenReview = object(
  'io.k8s.api.authentication.v1.TokenReview',
  'Asks whose a token is.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: req(tokenReviewSpec, 2, 'The token.', { always: {} }),
    status: f(tokenReviewStatus, 3, 'The answer.', { always: {} }),
  },
  { gvk: ['authentication.k8s.io/v1 TokenReview'] },
);
export type TokenReview = Stored<typeof tokenReview>;
