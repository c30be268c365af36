import { expect, it } from '@jest/globals';
import { runHostChaos } from './host-chaos.js';

/**
 * Minutes of troubles, and by default none: CI's time is short, and the cluster, 60 pods and their end take two minutes more.
 * `npm run chaos -- --hosts 3` is the same for any time.
 */
const minutes = Number(process.env['SHIPLOG_TEST_CHAOS_MINUTES'] ?? 0);
const whereAsked = minutes > 0 ? it : it.skip;

whereAsked(
  'chaos on three hosts comes right after each heal, loses nothing that was acknowledged, and leaves nothing',
  async () => {
    const report = await runHostChaos({ seed: 1, minutes, hosts: 3 });
    expect(report).toMatchObject({ violations: [], lost: 0 });
    expect(report.acknowledged).toBeGreaterThan(50);
    expect(report.recoveries.length).toBeGreaterThan(1);
  },
  900_000 + minutes * 60_000,
);
