import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeToOthers } from './private-log.js';
import { mayBeWritten } from './writing-right.js';

describe('a log without its lock file', () => {
  let folder = '';
  const log = (): string => join(folder, 'events.db');
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'shiplog-right-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('has no other writer when it is new: nobody waits for one', () => {
    expect(mayBeWritten(log())).toBe(false);
    closeToOthers(log());
    expect(mayBeWritten(log())).toBe(false);
  });
  it('may have one when something was written, whose lock file was removed', () => {
    writeFileSync(log(), 'pages');
    expect(mayBeWritten(log())).toBe(true);
    writeFileSync(`${log()}-lock`, '');
    expect(mayBeWritten(log())).toBe(false);
  });
});
