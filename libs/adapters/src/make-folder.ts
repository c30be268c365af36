import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder with those above it, as `mkdirSync` with `recursive` does; but that one never returns where the file system
 * answers ENOENT although the folder above exists, as `/proc` does. Throws what the file system says.
 */
export function makeFolder(path: string, mode = 0o777): void {
  const missing: string[] = [];
  for (let folder = path; statSync(folder, { throwIfNoEntry: false }) === undefined; folder = dirname(folder))
    missing.push(folder);
  for (const folder of missing.reverse()) {
    try {
      mkdirSync(folder, { mode });
    } catch (cause) {
      // Somebody else was faster.
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
    }
  }
  // What is there and is no folder is refused with the words of the file system.
  if (missing.length === 0 && !statSync(path).isDirectory()) mkdirSync(path);
}
