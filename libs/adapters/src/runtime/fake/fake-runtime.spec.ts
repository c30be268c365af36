import { describe } from '@jest/globals';
import { VirtualClock } from '../../clock/index.js';
import { runtimeContract } from '../runtime.contract.js';
import type { RuntimeUnderTest } from '../runtime.contract.js';
import { FakeRuntime } from './fake-runtime.js';
import type { FakeProgram } from './fake-runtime.js';

const PROGRAMS: Readonly<Record<string, FakeProgram>> = {
  waits: { stopsAfterMs: 10 },
  'exits-3': { runsForMs: 20, exitCode: 3 },
  prints: { runsForMs: 20, output: 'one\ntwo\nthree\n' },
  'cannot-start': { startError: 'no such file' },
  'ignores-term': {},
};

describe('the simulated runtime', () => {
  const clock = new VirtualClock(1_000_000);
  const runtime = new FakeRuntime({
    clock,
    runtimeHandlers: ['other'],
    program: (spec) => PROGRAMS[spec.command?.[0] ?? ''] ?? {},
  });
  const under: RuntimeUnderTest = {
    runtime,
    owner: { cluster: 'spec', node: 'n' },
    image: 'img:1',
    runtimeHandler: 'other',
    commandOf: (program) => [program],
    until: async (look) => {
      for (let i = 0; i < 1000; i++) {
        const found = await look();
        if (found !== undefined) return found;
        clock.advance(10);
      }
      throw new Error('it did not come to that');
    },
  };
  runtimeContract(() => under);
});
