import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NodeFileTrees } from './node-file-trees.js';

describe('trees of files', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'shiplog-trees-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function tree(name: string, files: number): string {
    const path = join(folder, name);
    mkdirSync(join(path, 'sub'), { recursive: true });
    for (let i = 0; i < files; i++) writeFileSync(join(path, i % 2 ? 'sub' : '.', `f${i}`), 'x'.repeat(5000));
    return path;
  }

  it('are counted with all that is below, and links are not followed', () => {
    const small = tree('small', 10);
    symlinkSync('/', join(small, 'everything'));
    const trees = new NodeFileTrees();
    trees.watch(new Set([small, join(folder, 'missing'), join(small, 'f0')]));
    for (let i = 0; i < 20; i++) trees.step();
    expect(trees.usage(small)).toMatchObject({ inodesUsed: 13 });
    expect(trees.usage(small)?.isPartial).toBeUndefined();
    expect(trees.usage(small)?.usedBytes).toBeGreaterThanOrEqual(50_000);
    expect(trees.usage(join(small, 'f0'))).toMatchObject({ inodesUsed: 1 });
    expect(trees.usage(join(folder, 'missing'))).toBeUndefined();
    trees.watch(new Set());
    expect(trees.usage(small)).toBeUndefined();
  });

  it('take turns, and a large one costs a step no more than a small one', () => {
    const large = tree('large', 3000);
    const small = tree('small', 5);
    const trees = new NodeFileTrees();
    trees.watch(new Set([large, small]));
    trees.step();
    // As much of it as one step allows, and it says so.
    const first = trees.usage(large);
    expect(first?.isPartial).toBe(true);
    expect(first?.inodesUsed).toBeLessThanOrEqual(101);
    expect(trees.usage(small)).toBeUndefined();
    for (let i = 0; i < 500 && trees.usage(small) === undefined; i++) trees.step();
    expect(trees.usage(small)).toMatchObject({ inodesUsed: 7 });
    expect(trees.usage(large)).toMatchObject({ isPartial: true });
    expect(trees.usage(large)?.inodesUsed).toBeLessThanOrEqual(700);
    for (let i = 0; i < 3000 && trees.usage(large)?.isPartial; i++) trees.step();
    expect(trees.usage(large)).toMatchObject({ inodesUsed: 3002 });
    expect(trees.usage(large)?.isPartial).toBeUndefined();
    trees.close();
  });

  it('tell how full their file system is', () => {
    const space = new NodeFileTrees().space(folder);
    expect(space?.capacityBytes).toBeGreaterThan(space?.usedBytes ?? Infinity);
    expect(new NodeFileTrees().space(join(folder, 'missing'))).toBeUndefined();
  });
});
