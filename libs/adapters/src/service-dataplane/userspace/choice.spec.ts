import { describe, expect, test } from '@jest/globals';
import type { Backend, Frontend } from '#model';
import { Choice } from './choice.js';

const backend = (n: number): Backend => ({ address: `10.244.0.${n}`, port: 80, isLocal: false });
const frontend = (affinitySeconds: number | undefined, ...names: readonly number[]): Frontend => ({
  key: 'node/TCP/30080',
  address: undefined,
  protocol: 'TCP',
  port: 30_080,
  service: 'default/web:',
  isExternal: true,
  backends: names.map(backend),
  affinitySeconds,
  hidesClient: true,
  whenEmpty: 'reject',
  sourceRanges: undefined,
  answeredBy: undefined,
});

describe('a choice among backends', () => {
  test('gives each its share', () => {
    const choice = new Choice(frontend(undefined, 1, 2, 3));
    const counts = new Map<string, number>();
    for (let i = 0; i < 3000; i++) {
      const { address = '' } = choice.pick('client', 'outside') ?? {};
      counts.set(address, (counts.get(address) ?? 0) + 1);
    }
    expect([...counts.values()].map((count) => count > 850 && count < 1150)).toEqual([true, true, true]);
  });
  test('is kept for a client while the backend is there and the client was not away for too long', () => {
    let now = 0;
    const choice = new Choice(frontend(10, 1, 2, 3, 4, 5, 6, 7, 8), () => now);
    const picks = (): Set<string | undefined> =>
      new Set(Array.from({ length: 30 }, () => ((now += 1000), choice.pick('client', 'outside')?.address)));
    expect(picks().size).toBe(1);
    now += 20_000;
    const later = new Set(
      Array.from({ length: 30 }, () => ((now += 20_000), choice.pick('client', 'outside')?.address)),
    );
    expect(later.size).toBeGreaterThan(1);
    const kept = choice.pick('client', 'outside');
    choice.frontend = { ...choice.frontend, backends: choice.frontend.backends.filter((one) => one !== kept) };
    expect(choice.pick('client', 'outside')?.address).not.toBe(kept?.address);
  });
  test('is another one for clients of the node where only what comes from outside stays there', () => {
    const choice = new Choice({ ...frontend(undefined, 1), inside: [backend(2)] });
    expect([choice.pick('a', 'outside')?.address, choice.pick('a', 'inside')?.address]).toEqual([
      ...['10.244.0.1', '10.244.0.2'],
    ]);
    expect([choice.has(backend(2), 'outside'), choice.has(backend(2), 'inside')]).toEqual([false, true]);
    choice.frontend = frontend(10, 3);
    expect(choice.pick('a', 'inside')?.address).toBe('10.244.0.3');
  });
  test('is none where there is no backend', () => {
    expect(new Choice(frontend(undefined)).pick('client', 'outside')).toBeUndefined();
    expect(new Choice(frontend(10)).pick('client', 'outside')).toBeUndefined();
  });
});
