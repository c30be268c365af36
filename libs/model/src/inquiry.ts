import type { AccessAttributes, AccessVerdict, Identity, IssuedToken, TokenWish, UserRules } from './access.js';
import type { UserInfo } from './command.js';
import type { KubeObject } from './kube-object.js';

/**
 * What is created and answered but never stored is no decision for the log: it is a question to the server. Who serves it
 * puts the question to whoever the server itself asks about requests, and {@link Inquiry.answer} makes the answer of what
 * was said. So the rules stay pure, and nobody answers for the server but the server.
 */
export type Inquiry =
  | { readonly asks: 'nobody'; answer(): KubeObject }
  | {
      readonly asks: 'authorizer';
      readonly user: UserInfo;
      readonly attributes: AccessAttributes;
      answer(verdict: AccessVerdict): KubeObject;
    }
  | {
      readonly asks: 'rules';
      readonly user: UserInfo;
      readonly namespace: string;
      answer(rules: UserRules): KubeObject;
    }
  | {
      readonly asks: 'authenticator';
      readonly token: string;
      /** None: the server's own. */
      readonly audiences: readonly string[];
      answer(identity: Identity): KubeObject;
    }
  | { readonly asks: 'issuer'; readonly wish: TokenWish; answer(issued: IssuedToken): KubeObject };

/** A create that was read and found valid, with the words for what was ignored. */
export interface Inquired {
  readonly inquiry: Inquiry;
  readonly warnings: readonly string[];
}
