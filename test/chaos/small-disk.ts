import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const BLOCK = Buffer.alloc(1 << 16);

/** A data folder on a disk of its own, which can be filled up. */
export class SmallDisk {
  private readonly filler: string;

  constructor(private readonly folder: string) {
    this.filler = join(folder, 'filler');
  }

  mount(megabytes: number): void {
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', this.folder]);
    if (mounted.status !== 0) throw new Error('a small disk cannot be mounted: run this as root');
  }

  fill(): void {
    const file = openSync(this.filler, 'a');
    try {
      for (;;) writeSync(file, BLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }
  free(): void {
    rmSync(this.filler, { force: true });
  }

  unmount(): void {
    spawnSync('umount', [this.folder]);
  }
}
