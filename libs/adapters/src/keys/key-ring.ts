import { parseInstant, type Instant } from '#std';
import type { KeyTimes } from './key-schedule.js';
import type { KeyStore } from './key-store.js';

/** One generation of a key. Generations are numbered in the order in which they were made. */
export interface Generation extends KeyTimes {
  readonly number: number;
  /** What had it made: the schedule, or the user who ran the command. Empty where an older build made it. */
  readonly by: string;
  /** The key itself, and what belongs to it. */
  readonly body: string;
}

export interface KeyRingOptions {
  /** Folder of the generations in the key store. */
  readonly folder: string;
  /** Name of the one key that older builds made: it is generation 0. */
  readonly legacy?: string;
}

/**
 * The generations of one key in the key store. A generation is one file that never changes: its times stand in its first lines.
 * Processes that add one at the same moment agree on one.
 */
export class KeyRing {
  constructor(
    private readonly store: KeyStore,
    private readonly options: KeyRingOptions,
  ) {}

  /** Names of what there is, which change whenever a generation comes or goes. Cheap: no key is read. */
  state(): string {
    return this.store.list(this.options.folder).join();
  }

  /** All generations, the oldest first. */
  list(): readonly Generation[] {
    const { folder, legacy } = this.options;
    const oldest = legacy === undefined ? undefined : this.store.read(legacy);
    const found: Generation[] = oldest === undefined ? [] : [{ ...NO_TIMES, number: 0, by: '', body: oldest }];
    for (const name of this.store.list(folder)) {
      if (!/^\d{6}$/.test(name)) continue;
      const text = this.store.read(`${folder}/${name}`);
      // Another process may have dropped it since it was listed.
      if (text !== undefined) found.push(parsed(Number(name), text));
    }
    return found;
  }

  /**
   * Adds the generation that comes after the given one, 0 where there is none, or returns the one that another process has added
   * in that place.
   */
  addAfter(last: number, generation: Omit<Generation, 'number'>): Generation {
    const number = last + 1;
    const { made, signs, by, body } = generation;
    const head = `made: ${text(made)}\nsigns: ${text(signs)}\nby: ${by.replaceAll(/[^\w.@:-]/g, '_')}\n\n`;
    return parsed(number, this.store.createOnce(this.#name(number), head + body));
  }

  /** Destroys a generation's key. */
  drop(number: number): void {
    this.store.destroy(this.#name(number));
  }

  #name(number: number): string {
    const { folder, legacy } = this.options;
    return number === 0 && legacy !== undefined ? legacy : `${folder}/${String(number).padStart(6, '0')}`;
  }
}

const NO_TIMES: KeyTimes = { made: 0, signs: 0 };

function parsed(number: number, file: string): Generation {
  const end = file.indexOf('\n\n');
  const head = new Map(
    file
      .slice(0, end)
      .split('\n')
      .map((line) => line.split(': ', 2) as [string, string]),
  );
  const time = (name: string): Instant => parseInstant(head.get(name)) ?? 0;
  return { number, made: time('made'), signs: time('signs'), by: head.get('by') ?? '', body: file.slice(end + 2) };
}

function text(instant: Instant): string {
  return new Date(instant).toISOString();
}
