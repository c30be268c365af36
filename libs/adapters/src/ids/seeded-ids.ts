import type { Ids } from '#ports';
import { prng, type Prng } from '#std';
import { formatUuid, namedUuid } from './named-uuid.js';

/** Uids drawn from a seed: the same seed gives the same sequence. */
export class SeededIds implements Ids {
  readonly #chance: Prng;

  constructor(seed: number) {
    this.#chance = prng(seed);
  }

  uid(): string {
    const bytes = Buffer.alloc(16);
    for (let i = 0; i < 16; i++) bytes.writeUInt8(this.#chance.below(256), i);
    return formatUuid(bytes, 4);
  }

  named(text: string): string {
    return namedUuid(text);
  }
}
