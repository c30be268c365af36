import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = '/usr/lib';
const LIBRARY = 'faketime/libfaketime.so.1';

/** The wall clock of a process and its children, which can be set; what they wait for is measured on another clock. */
export class WallClock {
  /** Every offset that the clock ever had, in seconds. */
  readonly offsets = new Set<number>();
  private readonly file: string;

  constructor(folder: string) {
    this.file = join(folder, 'wall-clock');
    this.set(0);
  }

  /** Seconds that the clock is ahead of this machine's. */
  set(seconds: number): void {
    this.offsets.add(seconds);
    writeFileSync(this.file, `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}`);
  }

  get environment(): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: library(),
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }
}

function library(): string {
  const found = readdirSync(FOLDER)
    .map((name) => join(FOLDER, name, LIBRARY))
    .find((path) => existsSync(path));
  if (found === undefined)
    throw new Error('Chaos sets clocks with libfaketime: install it (Debian: apt-get install libfaketime).');
  return found;
}
