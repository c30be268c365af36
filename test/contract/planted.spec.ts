import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { sourcesWith } from '../../tools/planted.mjs';

const folder = join(process.cwd(), 'test/planted');
const names = readdirSync(folder).filter((name) => name.endsWith('.patch'));

test.each(names)('the planted bug %s can still be planted: `npm run sim -- --planted` would try it', (name) => {
  const patch = readFileSync(join(folder, name), 'utf8');
  const sources = sourcesWith(patch);
  expect(sources.length).toBeGreaterThan(0);
  for (const { path, source } of sources) expect(source).not.toBe(readFileSync(join(process.cwd(), path), 'utf8'));
});
