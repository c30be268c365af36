import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { markFile } from './acked-mark.js';

/**
 * Tells a reading process that another one has written: the writer touches its mark after each commit, and the file
 * system tells of that. Where it does not (a network disk), a look now and then does.
 */
export class FileWatch {
  readonly #path: string;
  readonly #lookAfterMs: number;
  readonly #onChange: () => Promise<void>;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #again = false;

  constructor(path: string, lookAfterMs: number, onChange: () => Promise<void>) {
    this.#path = path;
    this.#lookAfterMs = lookAfterMs;
    this.#onChange = onChange;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    const mark = basename(markFile(this.#path));
    try {
      this.#watcher = watch(dirname(this.#path), { persistent: false }, (_kind, name) => {
        if (name === mark) this.look();
      });
      // Without the watch the timer alone does.
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      this.#watcher = undefined;
    }
    this.#timer = setInterval(() => this.look(), this.#lookAfterMs).unref();
    this.look();
  }

  /** One look at a time; what changes during it is seen by the next. */
  look(): void {
    this.#again = true;
    if (this.#looking) return;
    this.#looking = true;
    void this.#lookUntilQuiet();
  }

  stop(): void {
    this.#watcher?.close();
    clearInterval(this.#timer);
  }

  async #lookUntilQuiet(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      await this.#onChange();
    }
    this.#looking = false;
  }
}
