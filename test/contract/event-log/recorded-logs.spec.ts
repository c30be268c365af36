import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readLog } from '../../support/read-log.mjs';

const logs = join(process.cwd(), 'test/golden/logs');
const releases = readdirSync(logs, { withFileTypes: true }).filter((entry) => entry.isDirectory());
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shiplog-logs-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the recorded log of', () => {
  it.each(releases.map(({ name }) => name))('release %s is read as it was then', async (release) => {
    const recorded = (file: string): string => readFileSync(join(logs, release, file), 'utf8');
    // Opening a log makes files beside it.
    const home = join(folder, release);
    cpSync(join(logs, release), home, { recursive: true });
    const { objects, states, types } = await readLog(home);
    expect({ types, states }).toEqual(JSON.parse(recorded('states.json')));
    expect(objects.split('\n')).toEqual(recorded('objects.txt').split('\n'));
    expect(types.length).toBeGreaterThan(10);
  });
});
