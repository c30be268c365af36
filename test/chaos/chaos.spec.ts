import { beforeAll, describe, expect, it } from '@jest/globals';
import { importBusybox } from '../support/test-cluster.js';
import { runChaos } from './chaos.js';

describe('chaos on real containers', () => {
  beforeAll(importBusybox, 60_000);

  it.each(['sqlite', 'esdb'] as const)(
    'comes right after a minute of it on %s',
    async (log) => {
      const report = await runChaos({ seed: 7, minutes: 1, log });
      expect(report).toMatchObject({ violations: [] });
      expect(report.steps).toBeGreaterThan(15);
      expect(report.acknowledged).toBeGreaterThan(100);
      expect(report.operations).toBeGreaterThan(100);
      expect(Object.keys(report.kills).length).toBeGreaterThan(3);
    },
    400_000,
  );
});
