import type { IssuedToken, TokenWish } from '#model';
import type { Keys } from '#ports';
import type { Instant } from '#std';

/** Signs a token as Kubernetes' issuer does: bound to the account, and to a pod with its node, a secret or a node. */
export async function issueToken(
  keys: Pick<Keys, 'signToken'>,
  wish: TokenWish,
  given: { readonly issuer: string; readonly now: Instant; readonly id: string },
): Promise<IssuedToken> {
  const issued = Math.floor(given.now / 1000);
  const exp = issued + wish.expirationSeconds;
  const audiences = wish.audiences.length > 0 ? wish.audiences : [given.issuer];
  const token = await keys.signToken({
    aud: audiences,
    exp,
    iat: issued,
    iss: given.issuer,
    jti: given.id,
    'kubernetes.io': {
      namespace: wish.namespace,
      serviceaccount: wish.account,
      ...boundClaims(wish.bound),
    },
    nbf: issued,
    sub: `system:serviceaccount:${wish.namespace}:${wish.account.name}`,
  });
  return { token, audiences, expires: exp * 1000 };
}

function boundClaims(bound: TokenWish['bound']): Record<string, unknown> {
  if (!bound) return {};
  return { [bound.claim]: bound.object, ...(bound.node && { node: bound.node }) };
}
