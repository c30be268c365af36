import { describe, expect, it } from '@jest/globals';
import { Projection } from '#engine';
import { foldEvent, type StoredEvent } from '#model';
import { registry } from '#kinds';
import { toEventTime } from '#std';
import { SignsOfLife } from '../signs-of-life.js';
import { WallSteps } from '../wall-steps.js';
import { onlyTheSilentAreLeft } from './evictions.js';

const START = Date.UTC(2026, 0, 1);

/** A world of three nodes whose clocks a test moves. */
class Hours {
  passed = 0;
  offset = START;
  readonly steps = new WallSteps({ now: () => this.offset + this.passed, monotonic: () => this.passed });
  readonly signs = new SignsOfLife(
    () => ['a', 'b', 'c'],
    () => this.passed,
  );
  at(ms: number): this {
    this.passed = ms;
    return this;
  }
  set(by: number): void {
    this.steps.note(by);
    this.offset += by;
  }
  get time(): string {
    return toEventTime(this.offset + this.passed);
  }
  /** What the checker says of an event that calls node a silent. */
  verdict(time: string): string | undefined {
    const event: StoredEvent = {
      id: '1',
      type: 'NodeBecameUnreachable',
      stream: 'core.nodes/_/a',
      revision: 1,
      position: 1,
      time,
      data: {},
      metadata: { epoch: 1, actor: 'test', via: 'test', correlationId: 'test', schemaVersion: 1 },
    };
    const view = new Projection((state, one) => foldEvent(registry, state, one));
    return onlyTheSilentAreLeft(this.signs, (one) => this.steps.momentOf(one)).check(event, view, view);
  }
}

describe('a node that is called silent', () => {
  it('was not silent', () => {
    const hours = new Hours().at(40_000);
    hours.signs.note('a');
    hours.at(65_000);
    expect(hours.verdict(hours.time)).toBe('a was said to be unreachable, 5000 ms after a sign of life that was known');
  });
  it('seed 5001497: was so when that was decided, though the log has it half a minute later', () => {
    const hours = new Hours().at(30_000);
    hours.signs.note('a');
    hours.at(80_000);
    const decided = hours.time;
    hours.at(88_000).signs.note('a');
    hours.at(109_000);
    expect(hours.verdict(decided)).toBeUndefined();
    expect(hours.verdict(hours.time)).toBeDefined();
  });
  it('was so when that was decided, though the clock has been set since', () => {
    const hours = new Hours().at(30_000);
    hours.signs.note('a');
    hours.at(80_000);
    const decided = hours.time;
    for (const by of [3_600_000, -1_800_000]) hours.set(by);
    hours.at(88_000).signs.note('a');
    hours.at(109_000);
    expect(hours.verdict(decided)).toBeUndefined();
  });
});
