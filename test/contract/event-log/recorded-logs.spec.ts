import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decidedIn, readLog } from '../../support/read-log.mjs';

const logs = join(process.cwd(), 'test/golden/logs');
const releases = readdirSync(logs, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shiplog-logs-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Recorded {
  readonly types: readonly string[];
  readonly states: Readonly<Record<string, string>>;
  /** How many events of loops say what they were decided from; 0.1.0 has none. */
  readonly decisions?: number;
}
function recorded(release: string, file: string): string {
  const path = join(logs, release, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : gunzipSync(readFileSync(`${path}.gz`)).toString();
}
/** A data folder with the log: opening one makes files beside it. */
function homeOf(release: string): string {
  const home = mkdtempSync(join(folder, `${release}-`));
  cpSync(join(logs, release), home, { recursive: true });
  const log = join(home, 'log/events.db');
  if (!existsSync(log)) writeFileSync(log, gunzipSync(readFileSync(`${log}.gz`)));
  return home;
}

describe('the recorded log of', () => {
  it.each(releases)('release %s is read as it was then', async (release) => {
    const { objects, states, types } = await readLog(homeOf(release));
    const then = JSON.parse(recorded(release, 'states.json')) as Recorded;
    expect({ types, states }).toEqual({ types: then.types, states: then.states });
    expect(objects.split('\n')).toEqual(recorded(release, 'objects.txt').split('\n'));
    expect(types.length).toBeGreaterThan(10);
  });

  it.each(releases)('release %s is decided again as it was', async (release) => {
    const { decisions = 0 } = JSON.parse(recorded(release, 'states.json')) as Recorded;
    const { total, same, others } = await decidedIn(homeOf(release));
    expect(others).toEqual([]);
    expect([same, total]).toEqual([decisions, decisions]);
  });
});
