import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments, stringify } from 'yaml';
import type { KubeObject, Loop, OutsideFacts } from '#model';
import { canonical } from '#std';
import { nodeLoops, schedulingLoops, apiLoops, workloadLoops } from '../../index.js';
import { TestCluster } from './cluster.js';

/**
 * Each file under `libs/loops/src/<loop>/golden` is two YAML documents: what a loop looks at, and what it must decide. To write
 * the second anew after a wanted change: `UPDATE_GOLDEN=1 npm run jest -- golden`, then read the difference.
 */
interface Given {
  readonly loop: string;
  readonly key: string;
  readonly now: string;
  readonly outside?: OutsideFacts;
  readonly objects: readonly KubeObject[];
}

const here = import.meta.dirname;
const root = join(here, '..', '..');
const loops: readonly Loop[] = [...apiLoops, ...workloadLoops, ...nodeLoops, ...schedulingLoops];
const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const cases = folders.flatMap((folder) => {
  const golden = join(root, folder.name, 'golden');
  return filesIn(golden).map((file) => ({
    name: `${folder.name}: ${file.replace('.yaml', '').replaceAll('-', ' ')}`,
    path: join(golden, file),
  }));
});

describe('golden decisions', () => {
  test.each(cases)('$name', ({ path }) => {
    const [given, wanted] = parseAllDocuments(readFileSync(path, 'utf8')).map((document) => document.toJS() as unknown);
    const decisions = decide(given as Given);
    if (process.env['UPDATE_GOLDEN']) {
      const [input] = readFileSync(path, 'utf8').split('\n---\n');
      writeFileSync(path, `${(input ?? '').trimEnd()}\n---\n${stringify(decisions, { lineWidth: 130 })}`);
      return;
    }
    expect(decisions).toEqual(wanted);
  });
});

function decide(given: Given): unknown {
  const loop = loops.find((one) => one.name === given.loop);
  if (!loop) throw new Error(`there is no loop ${given.loop}`);
  const cluster = new TestCluster([], given.outside);
  cluster.now = Date.parse(given.now);
  for (const object of given.objects) cluster.put(object);
  // As plain data: fields that are undefined are none.
  return JSON.parse(JSON.stringify(canonical(cluster.decide(loop, given.key).decisions)));
}
function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith('.yaml'))
      .sort();
  } catch {
    return [];
  }
}
