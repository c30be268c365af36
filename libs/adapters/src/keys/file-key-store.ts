import { randomBytes } from 'node:crypto';
import * as nodeFiles from 'node:fs';
import { dirname, join } from 'node:path';
import { hasCode } from '../error-code.js';
import { privateFolders, privateFolderWithParents, readPrivateFile } from '../private-files.js';
import type { KeyStore } from './key-store.js';
import { StoreLock } from './store-lock.js';

/** The calls that change what is on the disk, in the order in which a crash could stop between them. */
export type FileChanges = Pick<
  typeof nodeFiles,
  'openSync' | 'writeSync' | 'fsyncSync' | 'closeSync' | 'linkSync' | 'renameSync' | 'unlinkSync'
>;

/** What a destroyed file begins with until its name is gone: a crash in between leaves nothing that looks like a key. */
const DESTROYED = 'destroyed';
/** End of the name of a file that is being made; a crash may leave one. */
const UNFINISHED = '.new';

export interface FileKeyStoreOptions {
  /** Makes the changes; a test hands in one that stops between two of them. */
  readonly files?: FileChanges;
  /** How long a change waits for those of other processes. */
  readonly lockWaitMs?: number;
}

/**
 * Key material in a folder that only its owner may enter (0700, files 0600), each change on the disk before it counts. Changes
 * of several processes come one after the other; reads wait for nobody.
 */
export class FileKeyStore implements KeyStore {
  readonly #files: FileChanges;
  readonly #lock: StoreLock;

  constructor(
    readonly folder: string,
    { files = nodeFiles, lockWaitMs }: FileKeyStoreOptions = {},
  ) {
    privateFolderWithParents(folder);
    this.#files = files;
    this.#lock = new StoreLock(join(folder, 'lock'), lockWaitMs);
  }

  read(name: string): string | undefined {
    try {
      const text = readPrivateFile(this.#path(name));
      return text.startsWith(DESTROYED) ? undefined : text;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  createOnce(name: string, text: string): string {
    return this.read(name) ?? this.#lock.hold(() => this.#create(name, text));
  }

  replace(name: string, expected: string, text: string): boolean {
    return this.#lock.hold(() => {
      if (this.read(name) !== expected) return false;
      const path = this.#path(name);
      const temporary = unfinished(path);
      const old = this.#files.openSync(path, 'r+');
      try {
        this.#writeDurably(temporary, text);
        this.#files.renameSync(temporary, path);
        this.#syncFolder(dirname(path));
        // Last: before the new bytes have the name, the old ones are the only ones.
        this.#overwrite(old);
        return true;
      } finally {
        this.#files.closeSync(old);
      }
    });
  }

  destroy(name: string): void {
    this.#lock.hold(() => this.#destroy(name));
  }

  list(folder: string): readonly string[] {
    return this.#names(folder).filter((name) => !name.endsWith(UNFINISHED));
  }

  clean(folder: string): void {
    const isUnfinished = (name: string): boolean => name.endsWith(UNFINISHED);
    if (!this.#names(folder).some(isUnfinished)) return;
    // Nothing is being made by another process while this one has the lock.
    this.#lock.hold(() => {
      for (const name of this.#names(folder).filter(isUnfinished)) {
        const path = this.#path(`${folder}/${name}`);
        // It may have its own name already, beside this one.
        if (nodeFiles.statSync(path).nlink > 1) this.#files.unlinkSync(path);
        else this.#destroy(`${folder}/${name}`);
      }
    });
  }

  #create(name: string, text: string): string {
    const existing = this.read(name);
    if (existing !== undefined) return existing;
    const path = this.#path(name);
    privateFolders(this.folder, ...name.split('/').slice(0, -1));
    // What is there and cannot be read is a destruction that a crash interrupted.
    this.#destroy(name);
    const temporary = unfinished(path);
    try {
      this.#writeDurably(temporary, text);
      // A hard link fails when the name exists, a rename would overwrite the key that an older build has just made.
      this.#files.linkSync(temporary, path);
      this.#syncFolder(dirname(path));
      return text;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      return readPrivateFile(path);
    } finally {
      this.#files.unlinkSync(temporary);
    }
  }

  #destroy(name: string): void {
    const path = this.#path(name);
    try {
      // Overwritten first: on most disks the old bytes are gone, not only their name.
      const file = this.#files.openSync(path, 'r+');
      try {
        this.#overwrite(file);
      } finally {
        this.#files.closeSync(file);
      }
      this.#files.unlinkSync(path);
      this.#syncFolder(dirname(path));
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }

  #names(folder: string): readonly string[] {
    const path = this.#path(folder);
    // Several are asked for each second, and most of them are never made: an error costs ten times as much as this.
    if (!nodeFiles.existsSync(path)) return [];
    try {
      return nodeFiles.readdirSync(path).sort();
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    }
  }

  #path(name: string): string {
    return join(this.folder, name);
  }

  #writeDurably(path: string, text: string): void {
    const file = this.#files.openSync(path, 'wx', 0o600);
    try {
      this.#files.writeSync(file, text);
      this.#files.fsyncSync(file);
    } finally {
      this.#files.closeSync(file);
    }
  }

  #overwrite(file: number): void {
    const { size } = nodeFiles.fstatSync(file);
    const bytes = Buffer.from(DESTROYED.padEnd(size, '.'));
    this.#files.writeSync(file, bytes, 0, bytes.length, 0);
    this.#files.fsyncSync(file);
  }

  #syncFolder(path: string): void {
    const folder = this.#files.openSync(path, 'r');
    try {
      this.#files.fsyncSync(folder);
    } finally {
      this.#files.closeSync(folder);
    }
  }
}

function unfinished(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}${UNFINISHED}`;
}
