import { describe, expect, it } from '@jest/globals';
import { Projection } from '#engine';
import { CREATED, foldEvent, type LoopBasis, type StoredEvent } from '#model';
import { toEventTime, type JsonObject } from '#std';
import { SignsOfLife } from '../signs-of-life.js';
import { ClockSteps } from '../clock-steps.js';
import { onlyTheSilentAreLeft } from './evictions.js';

const START = Date.UTC(2026, 0, 1);

/** A world whose clocks a test moves. */
class Hours {
  passed = 0;
  offset = START;
  readonly steps = new ClockSteps({ now: () => this.offset + this.passed, monotonic: () => this.passed });
  readonly signs = new SignsOfLife(() => this.passed);
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
  verdict(time: string, basis?: LoopBasis): string | undefined {
    const event = theEvent('NodeBecameUnreachable', 'core.nodes/_/a', {}, time);
    return this.check({ ...event, metadata: { ...event.metadata, ...(basis && { basis }) } }, new Folded());
  }
  /** What it says of the eviction of a pod from node a by a loop or client, when these nodes are registered. */
  eviction(registered: readonly string[], via = 'taint-eviction'): string | undefined {
    const view = new Folded();
    const taints = [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }];
    for (const name of registered) view.add('core.nodes/_', 'Node', name, { spec: name === 'a' ? { taints } : {} });
    view.add('core.pods/default', 'Pod', 'p', { spec: { nodeName: 'a', containers: [] } });
    const event = theEvent('PodEvicted', 'core.pods/default/p', {}, this.time);
    return this.check({ ...event, metadata: { ...event.metadata, via } }, view);
  }
  private check(event: StoredEvent, view: Projection): string | undefined {
    return onlyTheSilentAreLeft(this.signs, (one) => this.steps.momentOf(one)).check(event, view, view);
  }
}

class Folded extends Projection {
  private count = 0;
  constructor() {
    super(foldEvent);
  }
  add(place: string, kind: string, name: string, more: JsonObject): void {
    const object = { apiVersion: 'v1', kind, metadata: { name, namespace: 'default', uid: name }, ...more };
    this.apply({ ...theEvent(CREATED, `${place}/${name}`, { object }), revision: 0, position: ++this.count });
  }
}
const theEvent = (type: string, stream: string, data: JsonObject, time = toEventTime(START)): StoredEvent => ({
  id: '1',
  type,
  stream,
  revision: 1,
  position: 1,
  time,
  data,
  metadata: { epoch: 1, actor: 'test', via: 'test', correlationId: 'test', schemaVersion: 1 },
});

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
  it('seed 6000352: was so when a loop saw that, though its command came late to the writer', () => {
    const hours = new Hours().at(30_000);
    hours.signs.note('a');
    hours.at(80_000);
    const basis = { loop: 'node-lifecycle', key: 'a', view: 1, now: hours.time, build: 'test' };
    hours.at(88_000).signs.note('a');
    hours.at(109_000);
    expect(hours.verdict(hours.time, basis)).toBeUndefined();
    expect(hours.verdict(hours.time, { ...basis, now: hours.time })).toBeDefined();
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

describe('a pod that is driven from a silent node', () => {
  const silent = (...names: string[]): Hours => {
    const hours = new Hours().at(1000);
    for (const name of ['a', 'b', 'c']) hours.signs.note(name);
    hours.at(175_000);
    for (const name of ['a', 'b', 'c'].filter((one) => !names.includes(one))) hours.signs.note(name);
    return hours.at(200_000);
  };
  it('is so rightly, and not while most are silent', () => {
    expect(silent('a').eviction(['a', 'b', 'c'])).toBeUndefined();
    expect(silent('a', 'b').eviction(['a', 'b', 'c'])).toMatch('although most nodes were silent');
    expect(silent().eviction(['a', 'b', 'c'])).toMatch('although a was silent for');
  });
  it('is so whenever a client asks for it', () => {
    expect(silent().eviction(['a', 'b', 'c'], 'budgets')).toBeUndefined();
  });
  it('seed 5000955: is so rightly when the other silent one has never registered', () => {
    expect(silent('a', 'b').eviction(['a', 'c'])).toBeUndefined();
  });
});
