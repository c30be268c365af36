import type { Clock } from '#ports';
import type { Generation } from './key-ring.js';
import { isSuccessorDue, newestInForce, retiredAt, signerOf } from './key-schedule.js';
import { KEY_NAMES, type KeyName, type RotatingKey } from './rotating-key.js';

/** How often the key store is looked at: another process, or the command line, may have changed it. */
const LOOK_MS = 1000;
/** What depends on the time is looked at when the wall clock has moved so far, in either direction. */
const TIME_MS = 60_000;
/** Changes that a listener hears of that comes later. */
const TOLD_MAX = 64;

/** What happened to a generation of a key. */
export interface KeyChange {
  readonly key: KeyName;
  readonly number: number;
  readonly did: 'made' | 'signs' | 'dropped';
  /** What had the generation made. */
  readonly by: string;
}

export interface KeyRotationOptions {
  readonly keys: { readonly rotating: Readonly<Record<KeyName, RotatingKey>> };
  readonly clock: Clock;
  /** Whether this process makes and destroys generations: one does, the one with the writer. The others follow. */
  readonly rotates: () => boolean;
  /** Receives what failed, at the 1st, 2nd, 4th … time in a row; it is tried again at the next look. */
  readonly onProblem: (cause: unknown) => void;
}

type Renewal = () => void | Promise<void>;

interface Seen {
  readonly key: KeyName;
  readonly generation: Generation;
  readonly signs: boolean;
}

/**
 * Keeps the keys of a running process fresh: makes what is due, takes in what others made, has everything renewed that hangs on
 * it, and destroys what nothing needs any more. All of it follows from the key store and the clock, so a crash between two
 * steps is continued by the next look, here or in another process.
 */
export class KeyRotation {
  readonly #renewals: Renewal[] = [];
  readonly #listeners: ((change: KeyChange) => void)[] = [];
  readonly #told: KeyChange[] = [];
  readonly #needlessSince = new Map<string, number>();
  #seen: ReadonlyMap<string, Seen>;
  #mark = '';
  #lookedAt = -Infinity;
  #isUnfinished = false;
  #problems = 0;
  #cancel: () => void = () => undefined;
  #isStopped = false;
  #looking: Promise<void> = Promise.resolve();

  constructor(private readonly options: KeyRotationOptions) {
    this.#seen = this.#present();
  }

  /** Has something renewed that hangs on the keys: called at the start, after each change and each minute. It decides itself what is due. */
  async keep(renewal: Renewal): Promise<void> {
    await renewal();
    this.#renewals.push(renewal);
  }

  /** Hears what happens to keys, whichever process does it, and what has happened since this one started. */
  onChange(listener: (change: KeyChange) => void): void {
    this.#listeners.push(listener);
    for (const change of this.#told) listener(change);
  }

  /** Looks now, then every second until it is stopped. */
  async start(): Promise<void> {
    await this.look();
    if (this.#isStopped) return;
    this.#cancel = this.options.clock.after(LOOK_MS, () => void this.start());
  }

  /** Resolves when no look is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await this.#looking;
  }

  /** One look. Never rejects. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look());
    return this.#looking;
  }

  async #look(): Promise<void> {
    const problemsBefore = this.#problems;
    try {
      const now = this.options.clock.now();
      for (const name of KEY_NAMES) await this.#key(name).refresh();
      if (!this.#isWorthIt(now)) return;
      if (this.options.rotates()) await this.#rotate();
      this.#report();
    } catch (cause) {
      this.#problem(cause);
    }
    for (const renewal of this.#renewals) {
      try {
        await renewal();
      } catch (cause) {
        this.#problem(cause);
      }
    }
    if (this.#problems === problemsBefore) this.#problems = 0;
    else this.#isUnfinished = true;
  }

  /** Whether anything has changed since the last look: the keys, which of them are in force, or the time. */
  #isWorthIt(now: number): boolean {
    const numbers = KEY_NAMES.map((name) => {
      const { generations } = this.#key(name);
      // Not the one that signs: the first mark of certificates comes into force after none, and all are renewed at that moment.
      return [...generations.map(({ number }) => number), generations[newestInForce(generations, now)]?.number].join();
    });
    const mark = numbers.join(' ');
    if (mark === this.#mark && Math.abs(now - this.#lookedAt) < TIME_MS && !this.#isUnfinished) return false;
    this.#mark = mark;
    this.#lookedAt = now;
    this.#isUnfinished = false;
    return true;
  }

  async #rotate(): Promise<void> {
    const { clock } = this.options;
    for (const name of KEY_NAMES) {
      const key = this.#key(name);
      const now = clock.now();
      if (isSuccessorDue(key.generations, now, key.schedule))
        await key.add({ made: now, signs: now + key.schedule.leadMs, by: 'schedule' });
      const { generations } = key;
      for (const [i, generation] of generations.entries()) {
        const retired = retiredAt(generations, i, now);
        if (retired !== undefined) await this.#retire(name, generation, retired);
      }
    }
  }

  async #retire(name: KeyName, generation: Generation, retired: number): Promise<void> {
    const { clock } = this.options;
    const key = this.#key(name);
    const mark = `${name} ${generation.number}`;
    if (!(await key.isNeedless(generation, retired, clock.now()))) {
      this.#needlessSince.delete(mark);
      // What still hangs on it may be brought over at the next look.
      if (key.holdMs === 0) this.#isUnfinished = true;
      return;
    }
    const since = this.#needlessSince.get(mark) ?? clock.monotonic();
    this.#needlessSince.set(mark, since);
    if (clock.monotonic() - since < key.holdMs) return;
    await key.drop(generation.number);
    this.#needlessSince.delete(mark);
  }

  /** Says what has changed since the last report, whoever changed it. */
  #report(): void {
    const present = this.#present();
    const before = this.#seen;
    this.#seen = present;
    const tell = ({ key, generation: { number, by } }: Seen, did: KeyChange['did']): void =>
      this.#tell({ key, number, did, by });
    for (const [mark, seen] of present) {
      if (!before.has(mark)) tell(seen, 'made');
      if (seen.signs && before.get(mark)?.signs !== true) tell(seen, 'signs');
    }
    for (const [mark, seen] of before) if (!present.has(mark)) tell(seen, 'dropped');
  }

  #tell(change: KeyChange): void {
    this.#told.push(change);
    if (this.#told.length > TOLD_MAX) this.#told.shift();
    for (const listener of this.#listeners) listener(change);
  }

  #present(): ReadonlyMap<string, Seen> {
    const now = this.options.clock.now();
    const seen = new Map<string, Seen>();
    for (const key of KEY_NAMES) {
      const { generations } = this.#key(key);
      const signer = signerOf(generations, now);
      for (const [i, generation] of generations.entries())
        seen.set(`${key} ${generation.number}`, { key, generation, signs: i === signer });
    }
    return seen;
  }

  #key(name: KeyName): RotatingKey {
    return this.options.keys.rotating[name];
  }

  #problem(cause: unknown): void {
    const count = ++this.#problems;
    if ((count & (count - 1)) === 0) this.options.onProblem(cause);
  }
}
