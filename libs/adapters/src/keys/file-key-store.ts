import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { hasCode } from '../error-code.js';
import { privateFolders, privateFolderWithParents, readPrivateFile } from '../private-files.js';
import type { KeyStore } from './key-store.js';

/** Key material in a folder that only its owner may enter (0700, files 0600), each change on the disk before it counts. */
export class FileKeyStore implements KeyStore {
  constructor(readonly folder: string) {
    privateFolderWithParents(folder);
  }

  read(name: string): string | undefined {
    try {
      return readPrivateFile(this.#path(name));
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  createOnce(name: string, text: string): string {
    const existing = this.read(name);
    if (existing !== undefined) return existing;
    const path = this.#path(name);
    privateFolders(this.folder, ...name.split('/').slice(0, -1));
    const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
    writeDurably(temporary, text);
    try {
      // A hard link fails when the name exists, a rename would overwrite another process's key.
      linkSync(temporary, path);
      syncFolder(dirname(path));
      return text;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      return readPrivateFile(path);
    } finally {
      unlinkSync(temporary);
    }
  }

  replace(name: string, expected: string, text: string): boolean {
    if (this.read(name) !== expected) return false;
    const path = this.#path(name);
    const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
    const old = openSync(path, 'r+');
    try {
      writeDurably(temporary, text);
      renameSync(temporary, path);
      syncFolder(dirname(path));
      // Last: before the new bytes have the name, the old ones are the only ones.
      overwrite(old);
      return true;
    } finally {
      closeSync(old);
    }
  }

  destroy(name: string): void {
    const path = this.#path(name);
    try {
      // Overwritten first: on most disks the old bytes are gone, not only their name.
      const file = openSync(path, 'r+');
      try {
        overwrite(file);
      } finally {
        closeSync(file);
      }
      unlinkSync(path);
      syncFolder(dirname(path));
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }

  list(folder: string): readonly string[] {
    try {
      return readdirSync(this.#path(folder))
        .filter((name) => !name.endsWith('.new'))
        .sort();
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    }
  }

  #path(name: string): string {
    return join(this.folder, name);
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function overwrite(file: number): void {
  const { size } = fstatSync(file);
  writeSync(file, randomBytes(size), 0, size, 0);
  fsyncSync(file);
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
