import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../error-code.js';
import { privateFolderWithParents } from '../private-files.js';

/** The newest checkpoint starts the next process; the one before it does where the newest is torn. */
const KEPT = 2;
/** Ends the name of one that is being written. A process writes one at a time, into a folder of its own. */
const TEMPORARY = '.new';
/** Bytes that are read at once. */
const READ_BYTES = 128 * 1024;

/** Checkpoints as files. Losing them costs only time: the log rebuilds what they hold. */
export class FileCheckpointStore {
  constructor(private readonly folder: string) {}

  async positions(): Promise<readonly number[]> {
    return (await this.#names())
      .map((name) => /^(\d+)\.json$/.exec(name)?.[1])
      .filter((position) => position !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
  }

  async *read(position: number): AsyncIterable<string> {
    const file = await open(this.#path(position), 'r').catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    });
    if (!file) return;
    try {
      yield* file.createReadStream({ encoding: 'utf8', highWaterMark: READ_BYTES, autoClose: false });
    } finally {
      await file.close();
    }
  }

  async write(position: number, slices: AsyncIterable<string>): Promise<void> {
    privateFolderWithParents(this.folder);
    const temporary = `${this.#path(position)}${TEMPORARY}`;
    try {
      const file = await open(temporary, 'w', 0o600);
      try {
        for await (const slice of slices) await file.appendFile(slice);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path(position));
    } catch (error) {
      // Half a checkpoint on a full disk would only take more room.
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
    // A process that was killed while it wrote has left half of one.
    for (const name of await this.#names())
      if (name.endsWith(TEMPORARY)) await rm(join(this.folder, name), { force: true });
    const positions = await this.positions();
    for (const old of positions.slice(0, Math.max(0, positions.length - KEPT))) await this.remove(old);
  }

  async remove(position: number): Promise<void> {
    await rm(this.#path(position), { force: true });
  }

  async #names(): Promise<readonly string[]> {
    return readdir(this.folder).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    });
  }

  #path(position: number): string {
    return join(this.folder, `${position}.json`);
  }
}
