import type { FailedAnswer, View } from '#model';
import type { Askers, Authorizer, Keys } from '#ports';
import type { Authenticator } from './authenticate.js';
import { faultAnswer, type OnFault } from './call.js';
import { issueToken } from './issue-token.js';

export interface ServerAskersOptions {
  readonly authorizer: Authorizer;
  readonly authenticator: Pick<Authenticator, 'owner'>;
  readonly keys: Pick<Keys, 'signToken'>;
  readonly issuer: string;
  readonly current: () => View;
  readonly onFault: OnFault | undefined;
}

/** Answers questions of virtual resources by the very objects that judge this server's requests. */
export function serverAskers(options: ServerAskersOptions): Askers {
  const { authorizer, authenticator, keys, issuer, current, onFault } = options;
  const failed = (cause: unknown): FailedAnswer => {
    const { message, details } = faultAnswer(cause, onFault);
    return { is: 'failed', why: details?.causes?.[0]?.message ?? message };
  };
  return {
    authorizer: {
      atOnce: ({ user, attributes }) => ({
        is: 'answered',
        verdict: authorizer.authorize(user, attributes, current()),
      }),
    },
    rules: {
      atOnce: ({ user, namespace }) => ({ is: 'answered', rules: authorizer.rules(user, namespace, current()) }),
    },
    authenticator: {
      ask: ({ token, audiences }) =>
        authenticator.owner(token, audiences).then((identity) => ({ is: 'answered' as const, identity }), failed),
    },
    issuer: {
      ask: ({ wish, id, now }) =>
        issueToken(keys, wish, { issuer, id, now }).then((issued) => ({ is: 'answered' as const, issued }), failed),
    },
  };
}
