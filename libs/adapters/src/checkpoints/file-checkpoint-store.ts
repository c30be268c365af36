import { open, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../error-code.js';

/** The newest checkpoint starts the next process; the older ones are where history starts from. */
const KEPT = 8;

/** Checkpoints as files. Losing them costs only time: the log rebuilds what they hold. */
export class FileCheckpointStore {
  constructor(private readonly folder: string) {}

  async positions(): Promise<readonly number[]> {
    const names = await readdir(this.folder).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    });
    return names
      .map((name) => /^(\d+)\.json$/.exec(name)?.[1])
      .filter((position) => position !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
  }

  async read(position: number): Promise<string | undefined> {
    try {
      return await readFile(this.#path(position), 'utf8');
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  async write(position: number, content: string): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const temporary = `${this.#path(position)}.new`;
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#path(position));
    const positions = await this.positions();
    for (const old of positions.slice(0, Math.max(0, positions.length - KEPT)))
      await rm(this.#path(old), { force: true });
  }

  #path(position: number): string {
    return join(this.folder, `${position}.json`);
  }
}
