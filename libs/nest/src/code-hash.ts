import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What folds events or decides on them: a checkpoint of other code is not read. */
const FOLDING = ['std', 'meta', 'model', 'kinds', 'loops', 'engine'];

/** Hash of the compiled code that this process runs, so that nobody has to remember to count a version up. */
export function codeHash(): string {
  const libs = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
  const hash = createHash('sha256');
  for (const lib of FOLDING) {
    const folder = join(libs, lib, 'src');
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
      if (/(?<!\.spec)\.[jt]s$/.test(file)) hash.update(file).update(readFileSync(join(folder, file)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}
