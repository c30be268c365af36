import { randomUUID } from 'node:crypto';
import type { Ids } from '#ports';
import { namedUuid } from './named-uuid.js';

/** Uids of real chance, for everything but the simulation. */
export class RandomIds implements Ids {
  uid(): string {
    return randomUUID();
  }

  named(text: string): string {
    return namedUuid(text);
  }
}
