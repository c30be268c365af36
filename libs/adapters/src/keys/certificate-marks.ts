import type { Instant } from '#std';
import { KeyRing, type Generation } from './key-ring.js';
import { SCHEDULES } from './key-schedule.js';
import type { KeyStore } from './key-store.js';
import type { NewGeneration, RotatingKey } from './rotating-key.js';

/**
 * Marks by which certificates are renewed before their time: whoever holds one that was issued before the newest mark has a new
 * one issued. A mark holds no key.
 */
export class CertificateMarks implements RotatingKey {
  readonly schedule = SCHEDULES.certificates;
  readonly holdMs = 0;
  readonly #ring: KeyRing;
  #state: string | undefined;
  #marks: readonly Generation[] = [];

  constructor(store: KeyStore) {
    this.#ring = new KeyRing(store, { folder: 'certificates' });
    this.refresh();
  }

  get generations(): readonly Generation[] {
    return this.#marks;
  }
  /** What was issued until then is to be renewed. */
  renewed(now: Instant): Instant {
    return Math.max(-Infinity, ...this.#marks.map(({ signs }) => signs).filter((signs) => signs <= now));
  }

  refresh(): void {
    const state = this.#ring.state();
    if (state === this.#state) return;
    this.#marks = this.#ring.list();
    this.#state = state;
  }

  async add(generation: NewGeneration): Promise<void> {
    this.#ring.addAfter(this.#marks.at(-1)?.number ?? 0, { ...generation, body: '' });
    this.refresh();
  }

  neededUntil(): undefined {
    return undefined;
  }

  isNeedless(): boolean {
    return true;
  }

  drop(number: number): void {
    this.#ring.drop(number);
    this.refresh();
  }
}
