import { KeyRotation, type KeyChange, type StoredKeys } from '#adapters';
import type { Clock } from '#ports';
import { explain, say } from './console.js';

const NAMES: Readonly<Record<KeyChange['key'], string>> = { tokens: 'token key', master: 'master key' };
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
    onChange: (change) => say(sentence(change)),
    onProblem: (cause) => say(`The keys were not renewed, it is tried again: ${explain(cause)}`),
  });
}

/** What has changed, in a sentence. Never the key itself. */
export function sentence({ key, number, did, by }: KeyChange): string {
  const maker = did === 'made' && by !== '' ? ` (by ${by})` : '';
  return `The ${NAMES[key]} ${number} ${DID[did]}${maker}.`;
}
