import { KeyRotation, type KeyChange, type StoredKeys } from '#adapters';
import type { Clock } from '#ports';
import { explain, say } from './console.js';

const NAMES = { ca: 'CA', tokens: 'token key', master: 'master key' } as const;
const DID: Readonly<Record<KeyChange['did'], string>> = {
  made: 'was made',
  signs: 'is in use from now on',
  dropped: 'was destroyed: nothing needs it any more',
};

export interface KeyUpkeepOptions {
  readonly keys: StoredKeys;
  readonly clock: Clock;
  /** Whether this process makes and destroys keys, or follows the one that does. */
  readonly rotates: boolean;
}

/** Keeps the keys of this process fresh, and says what changes. */
export function keyUpkeep({ keys, clock, rotates }: KeyUpkeepOptions): KeyRotation {
  return new KeyRotation({
    keys,
    clock,
    rotates,
    onChange: (change) => {
      const text = sentence(change);
      if (text !== undefined) say(text);
    },
    onProblem: (cause) => say(`The keys were not renewed, it is tried again: ${explain(cause)}`),
  });
}

/** What has changed, in a sentence. Never the key itself. */
export function sentence({ key, number, did, by }: KeyChange): string | undefined {
  const maker = did === 'made' && by !== '' ? ` (by ${by})` : '';
  if (key === 'certificates') return did === 'made' ? `All certificates are renewed${maker}.` : undefined;
  return `The ${NAMES[key]} ${number} ${DID[did]}${maker}.`;
}
