import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '#adapters';
import type { ControlPlane } from '#engine';
import { followAuthorities, GivenCredentials } from './given-credentials.js';

describe('a process without the key store', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'shiplog-given-'));
    path = join(folder, 'bus.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const give = (ca: string): void =>
    writeFileSync(path, JSON.stringify({ url: 'nats://x:1', ca, jwt: 'j', seed: 's', inbox: 'i' }), { mode: 0o600 });

  it('reads its file again, and keeps what it has while the file cannot be read', async () => {
    give('first');
    const credentials = new GivenCredentials(path);
    expect(credentials.ca).toBe('first');
    give('second');
    await sleep(1100);
    expect(credentials.ca).toBe('second');
    rmSync(path);
    await sleep(1100);
    expect([credentials.ca, credentials.jwt, credentials.seed]).toEqual(['second', 'j', 's']);
  });

  it('has its loops look again once when the CA has changed', () => {
    const clock = new VirtualClock();
    let looks = 0;
    const plane = { options: { clock }, lookAgain: () => looks++ } as unknown as ControlPlane;
    const credentials = { ca: 'first' };
    followAuthorities(plane, () => credentials.ca);
    clock.advance(60_000);
    expect(looks).toBe(0);
    credentials.ca = 'second';
    clock.advance(60_000);
    expect(looks).toBe(1);
  });
});
