import { beforeEach, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '../clock/index.js';
import { KeyRotation } from './key-rotation.js';
import { MemoryKeyStore } from './key-store.js';
import { StoredKeys } from './stored-keys.js';

const MIDNIGHT = Date.UTC(2030, 0, 1);
const LOOK_MS = 1000;

let clock: VirtualClock;
let store: MemoryKeyStore;
/** Of the command line, which is a process of its own. */
let byHand: StoredKeys;
const problems: unknown[] = [];

const openKeys = (): Promise<StoredKeys> => StoredKeys.open(store, { now: () => clock.now() });

/** A process with a certificate that it renews when it is due. */
async function server(rotates: boolean): Promise<{ look(): Promise<void>; isDue(): boolean }> {
  const keys = await openKeys();
  const rotation = new KeyRotation({ keys, clock, rotates: () => rotates, onProblem: (one) => problems.push(one) });
  const issue = async (): Promise<string> =>
    (await keys.issueCertificate({ commonName: 'api', usage: 'server' })).certificate;
  let certificate = await issue();
  await rotation.keep(async () => {
    if (keys.isCertificateDue(certificate)) certificate = await issue();
  });
  await rotation.look();
  return { look: () => rotation.look(), isDue: () => keys.isCertificateDue(certificate) };
}

beforeEach(async () => {
  clock = new VirtualClock(MIDNIGHT);
  store = new MemoryKeyStore();
  byHand = await openKeys();
  problems.length = 0;
});

describe.each([
  ['with the writer', true],
  ['that follows', false],
])('certificates that are renewed by hand, in a process %s', (_which, rotates) => {
  // A mark is in force from the next whole second on.
  it.each([1, 100, 400, 999])('are at the look after the mark, made %i ms after the second', async (ms) => {
    const { look, isDue } = await server(rotates);
    for (const _mark of ['the first in this cluster', 'the second', 'the third']) {
      clock.advance(10_000 + ms);
      await byHand.rotate('certificates', 'ada');
      // Seen while it is not in force yet.
      await look();
      clock.advance(LOOK_MS);
      expect(isDue()).toBe(true);
      await look();
      expect(isDue()).toBe(false);
      clock.advance(10_000 - ms - LOOK_MS);
      await byHand.refresh();
    }
    expect(problems).toEqual([]);
  });
});
