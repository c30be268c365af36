import { expiryOf, pinnedCas, userOfCredential } from '#adapters';
import { agentPermissions } from '#engine';
import type { JoinAnswer } from '#model';
import { Fault, uuidOf, type JsonObject } from '#std';

/** What a machine has asked, and what it knows before any answer. */
export interface Asked {
  readonly node: string;
  /** As it was sent. */
  readonly request: string;
  /** Of its own key. */
  readonly publicKey: string;
  /** `sha256:…` of the cluster's CA. */
  readonly caHash: string;
}

const WHY_MAX = 2_000;
const CLUSTER = /^[\w.-]{1,128}$/;

/**
 * An answer to a machine that asks to join, or a Fault. Whoever holds the same token can answer in the control plane's place, so nothing
 * counts but what fits what the machine knows: of the CAs only those of the hash in its command are kept, and the credential has to be
 * one of its own key. (A forged one opens nothing: the bus of that CA does not know its account.)
 */
export function answerIn(answer: JsonObject, asked: Asked): JoinAnswer {
  const { is, why, request, jwt, inbox, ca, cluster } = answer;
  if (is === 'refused' && typeof why === 'string') return { is, why: why.replaceAll(/\p{C}/gu, ' ').slice(0, WHY_MAX) };
  if (is === 'waiting') {
    // It is told to an administrator, who then approves it.
    if (request !== `node-bus-${uuidOf(asked.request)}`) throw forged('it names the request of another machine');
    return { is, request };
  }
  if (is !== 'admitted' || typeof jwt !== 'string' || typeof ca !== 'string' || typeof cluster !== 'string')
    throw new Fault('The control plane answers what this version does not understand.', false);
  const pinned = pinnedCas(ca, asked.caHash);
  if (pinned === '') throw forged(`none of its CAs has the hash ${asked.caHash}`);
  if (userOfCredential(jwt) !== asked.publicKey || expiryOf(jwt) === undefined)
    throw forged('its credential is not one of the key of this machine');
  const own = agentPermissions(asked.node).inbox;
  if (inbox !== own || !CLUSTER.test(cluster)) throw forged('it is not for this node');
  return { is, jwt, inbox: own, ca: pinned, cluster };
}

function forged(why: string): Fault {
  return new Fault(
    `The answer is not the control plane's (${why}): somebody else may hold this token. Delete it there, and make a new one with "npx shiplog node token create".`,
    false,
  );
}
