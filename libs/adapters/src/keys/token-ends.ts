import type { Instant } from '#std';
import type { KeyStore } from './key-store.js';

/** `<number>-<week>`: a token key signed something that ends in this week at the latest, counted since 1970. */
const FOLDER = 'token-ends';
const WEEK_MS = 7 * 86_400_000;
const NEVER = 'never';
/** Older builds kept no record. What they signed for longer than this ends with its key. */
const UNKNOWN_MS = 365 * 86_400_000;

/**
 * Until when tokens of each token key are good, kept in the key store: a client may ask for a token of any length. Written once
 * a week for a key whose tokens last an hour, and before the token is signed.
 */
export class TokenEnds {
  /** What this process knows to be recorded. */
  readonly #noted = new Map<number, number>();

  constructor(private readonly store: KeyStore) {}

  /** Records, durably, that a token of this key is good until then. */
  note(number: number, ends: Instant): void {
    const week = Math.ceil(ends / WEEK_MS);
    if (week <= (this.#noted.get(number) ?? -Infinity)) return;
    const recorded = this.#weeksOf(number);
    const name = nameOf(number, week);
    if (!recorded.some((other) => other >= week)) this.store.createOnce(`${FOLDER}/${name}`, `${name}\n`);
    this.#noted.set(number, Math.max(week, ...recorded));
    for (const earlier of recorded) if (earlier < week) this.store.destroy(`${FOLDER}/${nameOf(number, earlier)}`);
  }

  /** When the last token of a key ends. For the key of an older build that is put down when it is `retired` first. */
  of(number: number, retired: Instant): Instant {
    if (number === 0 && this.#weeksOf(number).length === 0) this.note(number, retired + UNKNOWN_MS);
    return Math.max(0, ...this.#weeksOf(number).map((week) => week * WEEK_MS));
  }

  forget(number: number): void {
    for (const week of this.#weeksOf(number)) this.store.destroy(`${FOLDER}/${nameOf(number, week)}`);
    this.#noted.delete(number);
  }

  #weeksOf(number: number): readonly number[] {
    return this.store
      .list(FOLDER)
      .map((name) => name.split('-', 2))
      .filter(([of]) => Number(of) === number)
      .map(([, week]) => (week === NEVER ? Infinity : Number(week)))
      .filter((week) => !Number.isNaN(week));
  }
}

function nameOf(number: number, week: number): string {
  return `${number}-${week === Infinity ? NEVER : week}`;
}
