import type { Instant } from '#std';
import { CA_MS, retiredAt, signerOf } from './key-schedule.js';
import { KEY_NAMES, type KeyName } from './rotating-key.js';
import type { StoredKeys } from './stored-keys.js';

/** What can be shown of a generation of a key: nothing of the key itself. */
export interface KeyFacts {
  readonly key: KeyName;
  readonly number: number;
  /** Undefined for a key of an older build, which does not say. */
  readonly made: Instant | undefined;
  readonly by: string;
  readonly state: 'waits' | 'in use' | 'trusted';
  /** When it is used from, where it waits. */
  readonly from: Instant | undefined;
  /** When it ends or goes; undefined where that does not follow from the time. */
  readonly until: Instant | undefined;
}

/** The generations of all keys at a moment. */
export function keyFacts(keys: StoredKeys, now: Instant): readonly KeyFacts[] {
  return KEY_NAMES.filter((name) => name !== 'certificates').flatMap((key) => {
    const rotating = keys.rotating[key];
    const { generations } = rotating;
    const signer = signerOf(generations, now);
    return generations.map((generation, i): KeyFacts => {
      const { number, made, by, signs } = generation;
      const retired = retiredAt(generations, i, now);
      const state = i === signer ? 'in use' : retired === undefined ? 'waits' : 'trusted';
      const until = retired === undefined ? endOf(key, made) : rotating.neededUntil(generation, retired);
      return { key, number, made: made || undefined, by, state, from: state === 'waits' ? signs : undefined, until };
    });
  });
}

function endOf(key: KeyName, made: Instant): Instant | undefined {
  return key === 'ca' || key === 'frontProxy' ? made + CA_MS : undefined;
}
