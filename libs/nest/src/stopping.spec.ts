import { describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { isDraining, onStopSignals } from './stopping.js';

describe('a process that is told to stop', () => {
  const told = (signals: readonly (readonly [number, NodeJS.Signals])[]): readonly string[] => {
    const process = new EventEmitter();
    const did: string[] = [];
    let now = 0;
    const stop = (): void => void did.push(`stop at ${now}`);
    const stopNow = (): void => void did.push(`now at ${now}`);
    onStopSignals(process, { stop, stopNow }, () => now);
    for (const [at, signal] of signals) {
      now = at;
      process.emit(signal);
    }
    return did;
  };
  it('takes signals of one moment for one request: that of systemd to all processes, and what its parent passes on', () => {
    expect(
      told([
        [5000, 'SIGTERM'],
        [5000, 'SIGTERM'],
        [5900, 'SIGHUP'],
      ]),
    ).toEqual(['stop at 5000']);
  });
  it('stops now when somebody asks again later', () => {
    expect(
      told([
        [5000, 'SIGINT'],
        [6000, 'SIGINT'],
      ]),
    ).toEqual(['stop at 5000', 'now at 6000']);
  });
  it('ends its pods first, or not, as it is set', async () => {
    expect(await isDraining({ drain: 'always' })).toBe(true);
    expect(await isDraining({ drain: 'never' })).toBe(false);
  });
});
