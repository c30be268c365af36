import { KeyRotation, type KeyChange, type StoredKeys } from '#adapters';
import type { Clock } from '#ports';
import type { Instant, JsonObject } from '#std';
import { explain, say } from '#terminal';

const NAMES = { ca: 'CA', frontProxy: 'front-proxy CA', tokens: 'token key', master: 'master key' } as const;
const DID: Readonly<Record<KeyChange['did'], string>> = {
  made: 'was made',
  signs: 'is in use from now on',
  dropped: 'was destroyed: nothing needs it any more',
};

export interface KeyUpkeepOptions {
  readonly keys: StoredKeys;
  readonly clock: Clock;
  /** Whether this process makes and destroys keys, or follows the one that does. */
  readonly rotates: () => boolean;
}

/** Keeps the keys of this process fresh, and says what changes. */
export function keyUpkeep({ keys, clock, rotates }: KeyUpkeepOptions): KeyRotation {
  const upkeep = new KeyRotation({
    keys,
    clock,
    rotates,
    onProblem: (cause) => say(`The keys were not renewed, it is tried again: ${explain(cause)}`),
  });
  upkeep.onChange((change) => {
    const text = sentence(change);
    if (text !== undefined) say(text);
  });
  return upkeep;
}

const VERBS: Readonly<Record<KeyChange['did'], string>> = { made: 'create', signs: 'update', dropped: 'delete' };

/** The audit event of a change. Who made a key by hand is the user of the machine that the command ran as. */
export function auditOf({ key, number, did, by }: KeyChange, now: Instant, auditID: string): JsonObject {
  const time = new Date(now).toISOString().replace('Z', '000Z');
  const isByHand = did === 'made' && by !== '' && by !== 'schedule';
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID,
    stage: 'ResponseComplete',
    requestURI: `/keys/${key}/${number}`,
    verb: VERBS[did],
    user: { username: isByHand ? `os:${by}` : 'system:shiplog' },
    objectRef: { apiGroup: 'shiplog.io', resource: 'keys', name: `${key}-${number}` },
    requestReceivedTimestamp: time,
    stageTimestamp: time,
  };
}

/** What has changed, in a sentence. Never the key itself. */
export function sentence({ key, number, did, by }: KeyChange): string | undefined {
  const maker = did === 'made' && by !== '' ? ` (by ${by})` : '';
  if (key === 'certificates') return did === 'made' ? `All certificates are renewed${maker}.` : undefined;
  return `The ${NAMES[key]} ${number} ${DID[did]}${maker}.`;
}
