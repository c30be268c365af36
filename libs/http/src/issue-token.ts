import { nodes } from '#kinds';
import type { IssuedToken, KubeObject, TokenWish, View } from '#model';
import type { Keys } from '#ports';
import type { Instant } from '#std';

/** Signs a token as Kubernetes' issuer does: bound to the account, and to a pod with its node, a secret or a node. */
export async function issueToken(
  keys: Pick<Keys, 'signToken'>,
  wish: TokenWish,
  given: { readonly issuer: string; readonly now: Instant; readonly id: string; readonly view: View },
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
      serviceaccount: named(wish.account),
      ...boundClaims(wish.bound, given.view),
    },
    nbf: issued,
    sub: `system:serviceaccount:${wish.namespace}:${wish.account.metadata.name}`,
  });
  return { token, audiences, expires: exp * 1000 };
}

const named = ({ metadata }: KubeObject): { name: string; uid: string } => ({ name: metadata.name, uid: metadata.uid });

function boundClaims(bound: TokenWish['bound'], view: View): Record<string, unknown> {
  if (!bound) return {};
  if (bound.claim !== 'pod') return { [bound.claim]: named(bound.object) };
  const nodeName = (bound.object['spec'] as { readonly nodeName?: string } | undefined)?.nodeName;
  if (!nodeName) return { pod: named(bound.object) };
  const node = view.get(nodes, undefined, nodeName);
  return { pod: named(bound.object), node: { name: nodeName, ...(node && { uid: node.metadata.uid }) } };
}
