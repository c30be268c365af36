import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditFiles, type AuditLimits } from './audit-files.js';

const LIMITS: AuditLimits = { bytesMax: 1000, filesMax: 3, queueBytesMax: 20_000 };

describe('audit files', () => {
  let home: string;
  let folder: string;
  let problems: string[];
  const opened = (): AuditFiles =>
    new AuditFiles({
      folder,
      onProblem: (problem) => problems.push(problem),
      limits: { audit: LIMITS, refused: LIMITS },
    });
  const lines = (file: string): string[] => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n');
  const until = async (isTrue: () => boolean): Promise<void> => {
    while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'shiplog-audit-'));
    folder = join(home, 'audit');
    problems = [];
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it('are private lines of JSON, what was refused apart', async () => {
    const files = opened();
    files.write('audit', { verb: 'create' });
    files.write('refused', { verb: 'delete' });
    files.write('audit', { verb: 'patch' });
    await files.close();
    expect(lines('audit.log').map((line) => JSON.parse(line) as unknown)).toEqual([
      { verb: 'create' },
      { verb: 'patch' },
    ]);
    expect(lines('refused.log')).toEqual(['{"verb":"delete"}']);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'audit.log')).mode & 0o777).toBe(0o600);
    expect(files.written).toBe(3);
  });

  it('take a bounded number of bytes on the disk, and keep the newest', async () => {
    const files = opened();
    for (let i = 0; i < 300; i++) {
      files.write('audit', { i, text: 'x'.repeat(80) });
      if (i % 7 === 0) await until(() => files.written === i + 1);
    }
    await files.close();
    const names = readdirSync(folder).sort();
    const bytes = names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    expect(bytes).toBeLessThanOrEqual(LIMITS.bytesMax * LIMITS.filesMax);
    expect(names).toHaveLength(LIMITS.filesMax);
    // In the order of their names, with the current one at the end, they hold one run of numbers up to the last.
    const order = [...names.filter((name) => name !== 'audit.log'), 'audit.log'];
    const numbers = order.flatMap(lines).map((line) => (JSON.parse(line) as { i: number }).i);
    expect(numbers).toEqual(numbers.map((_, n) => 299 - (numbers.length - 1 - n)));
    expect(files.lost).toBe(0);
  });

  it('lose what a broken disk cannot take beyond the queue, say it, and go on when it is whole again', async () => {
    const files = opened();
    files.write('audit', { i: 'first' });
    await until(() => files.written === 1);
    renameSync(folder, `${folder}.away`);
    writeFileSync(folder, 'no folder');
    // The open file goes on until it is full; its rotation fails.
    for (let i = 0; i < 100; i++) files.write('audit', { i, text: 'x'.repeat(80) });
    await until(() => problems.length > 0);
    for (let i = 0; i < 1000; i++) files.write('audit', { i, text: 'x'.repeat(80) });
    expect(files.lost).toBeGreaterThan(700);
    const lost = files.lost;
    rmSync(folder);
    renameSync(`${folder}.away`, folder);
    await until(() => problems.some((problem) => problem.includes('is written again')));
    files.write('audit', { i: 'last' });
    await files.close();
    expect(problems[0]).toMatch(/audit\.log cannot be written: .*ENOTDIR/);
    expect(problems.at(-1)).toMatch(/is written again; \d+ lines were lost/);
    expect(lines('audit.log').at(-1)).toBe('{"i":"last"}');
    expect(files.lost).toBe(lost);
  });

  it('begin a new line after a crash, and follow no link', async () => {
    const files = opened();
    files.write('audit', { i: 1 });
    await files.close();
    appendFileSync(join(folder, 'audit.log'), '{"cut');
    const again = opened();
    again.write('audit', { i: 2 });
    await again.close();
    expect(lines('audit.log')).toEqual(['{"i":1}', '{"cut', '{"i":2}']);
    rmSync(join(folder, 'refused.log'), { force: true });
    symlinkSync(join(home, 'target'), join(folder, 'refused.log'));
    const linked = opened();
    linked.write('refused', { i: 3 });
    await linked.close();
    expect(readdirSync(home)).toEqual(['audit']);
    expect(linked.lost).toBe(1);
  });
});
