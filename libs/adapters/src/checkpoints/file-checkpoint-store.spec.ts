import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileCheckpointStore } from './file-checkpoint-store.js';

let folder: string;
let store: FileCheckpointStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'checkpoints-'));
  store = new FileCheckpointStore(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

async function* slices(...texts: string[]): AsyncGenerator<string> {
  for (const text of texts) yield await Promise.resolve(text);
}
async function textAt(position: number): Promise<string> {
  let text = '';
  for await (const slice of store.read(position)) text += slice;
  return text;
}

describe('checkpoints in files', () => {
  it('keeps the newest two', async () => {
    for (const position of [9, 10, 11]) await store.write(position, slices('at ', `${position}\n`));
    expect(await store.positions()).toEqual([10, 11]);
    expect(await textAt(11)).toBe('at 11\n');
    expect(await textAt(9)).toBe('');
  });

  it('removes what a process has left that was killed while it wrote', async () => {
    for (const position of [7, 8]) writeFileSync(join(folder, `${position}.json.new`), 'ha');
    expect(await store.positions()).toEqual([]);
    await store.write(9, slices('at 9\n'));
    expect(readdirSync(folder)).toEqual(['9.json']);
  });

  it('leaves nothing of one that failed', async () => {
    const failing = async function* (): AsyncGenerator<string> {
      yield await Promise.resolve('ha');
      throw new Error('no more');
    };
    await expect(store.write(9, failing())).rejects.toThrow('no more');
    expect(readdirSync(folder)).toEqual([]);
  });
});
