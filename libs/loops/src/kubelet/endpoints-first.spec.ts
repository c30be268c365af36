import { describe, expect, test } from '@jest/globals';
import { toTime } from '#std';
import { aPod, GivenPod, NOW } from './testing/given-pod.js';

/** A pod that runs and was told to go, with so much time. */
function leaving(graceSeconds: number, served: GivenPod['served']): GivenPod {
  const given = new GivenPod(aPod());
  given.settle();
  given.served = served;
  const deletionTimestamp = toTime(NOW + graceSeconds * 1000);
  given.pod = {
    ...given.pod,
    metadata: { ...given.pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: graceSeconds },
  };
  return given;
}
/** Milliseconds until it is told to end. */
function waited(given: GivenPod, before: (ms: number) => void = () => undefined): number {
  const since = given.now;
  for (;;) {
    before(given.now - since);
    const plan = given.look();
    if (plan.actions.some((action) => action.do === 'stop')) return given.now - since;
    given.now = plan.wakeAt ?? Infinity;
  }
}

describe('a pod that services lead to', () => {
  test('is told to end a moment after they lead elsewhere', () => {
    const given = leaving(30, 'leads');
    const ms = waited(given, (passed) => passed >= 300 && (given.served = 'left'));
    expect(ms).toBeGreaterThanOrEqual(350);
    expect(ms).toBeLessThan(500);
  });
  test('is told so though they never do, within a bounded time and before its grace period is over', () => {
    expect(waited(leaving(30, 'leads'))).toBe(2000);
    expect(waited(leaving(2, 'leads'))).toBe(500);
    expect(waited(leaving(0, 'leads'))).toBe(250);
  });
  test('has no more time than without them', () => {
    const given = leaving(30, 'leads');
    const since = given.now;
    waited(given);
    expect(given.record.endBy).toBe(since + 30_000);
  });
  test('waits a moment for other nodes when they lead elsewhere already, and not at all when none knows it', () => {
    expect(waited(leaving(30, 'left'))).toBe(100);
    expect(waited(leaving(30, undefined))).toBe(0);
  });
  test('waits for nothing when its object is gone', () => {
    const given = leaving(30, 'leads');
    given.gone = true;
    expect(waited(given)).toBe(0);
  });
});
