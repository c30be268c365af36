import { describe, expect, it } from '@jest/globals';
import { NOT_MEASURED } from './usage-history.js';
import { TestNodes, type TestPod } from './test-samples.js';

describe('what a pod uses', () => {
  it('is known with the first whole interval of each of its containers', () => {
    const nodes = new TestNodes();
    const pod = nodes.pod('p', ['a', 'b']);
    nodes.run([pod], 200, 1);
    expect(nodes.milli(pod)).toBeUndefined();
    expect(nodes.store.podMetrics({})).toEqual([]);
    nodes.run([pod], 200, 1);
    expect(nodes.milli(pod)).toEqual([200, 200]);
    expect(nodes.store.podMetrics({})).toEqual([
      {
        ...{ namespace: 'default', name: 'p', uid: 'uid-p', at: nodes.clock.now(), windowMs: 1000 },
        containers: ['a', 'b'].map((name) => ({ name, cpuNanoCores: 200e6, memoryBytes: 1000 })),
      },
    ]);
  });
  it('is an average over fifteen seconds for who reads the metrics API', () => {
    const nodes = new TestNodes();
    const pod = nodes.pod('p');
    nodes.run([pod], 100, 20);
    nodes.run([pod], 400, 5);
    const [figure] = nodes.store.podMetrics({ namespace: 'default', name: 'p' });
    expect(figure?.windowMs).toBe(15_000);
    expect(figure?.containers[0]?.cpuNanoCores).toBe((10 * 100e6 + 5 * 400e6) / 15);
    expect(nodes.store.podMetrics({ namespace: 'other' })).toEqual([]);
    expect(nodes.store.podMetrics({ namespace: 'default', name: 'q' })).toEqual([]);
  });
  it('is for autoscalers what it is since it moved, and not moved by one second', () => {
    const nodes = new TestNodes();
    const pod = nodes.pod('p');
    nodes.run([pod], 100, 20);
    nodes.run([pod], 900, 1);
    expect(nodes.milli(pod)).toEqual([100]);
    nodes.run([pod], 900, 1);
    expect(nodes.milli(pod)).toEqual([900]);
    nodes.run([pod], 100, 2);
    expect(nodes.milli(pod)).toEqual([100]);
  });
  it('is what it is, however long its samples travelled', () => {
    const nodes = new TestNodes();
    const pod = nodes.pod('p');
    const [container] = pod.containers;
    if (!container) throw new Error('there is no container');
    for (const delayMs of [90, 60, 80, 0, 40]) {
      nodes.clock.advance(1000);
      container.usageNanos = nodes.clock.monotonic() * 150_000;
      const sample = nodes.sample([pod]);
      nodes.clock.advance(delayMs);
      nodes.store.take('n1', sample);
      expect(nodes.milli(pod) ?? [150]).toEqual([150]);
    }
    expect(nodes.milli(pod)).toEqual([150]);
  });
  it('has no spike where a container restarts, whatever its counter then says', () => {
    for (const counter of [0, 4e9, 9e9]) {
      const nodes = new TestNodes();
      const pod = nodes.pod('p');
      nodes.run([pod], 100, 3);
      const [container] = pod.containers;
      if (!container) throw new Error('there is no container');
      Object.assign(container, { id: 'a-2', usageNanos: counter });
      nodes.run([pod], 100, 1);
      expect(nodes.milli(pod)).toBeUndefined();
      nodes.run([pod], 100, 1);
      expect(nodes.milli(pod)).toEqual([100]);
    }
  });
  it('has a working set of zero where the kernel says so', () => {
    const nodes = new TestNodes();
    const pod = nodes.pod('p');
    for (const container of pod.containers) container.workingSet = 0;
    nodes.run([pod], 100, 2);
    expect(nodes.store.podMetrics({})[0]?.containers[0]?.memoryBytes).toBe(0);
  });
  it('includes what was used while samples were lost', () => {
    const nodes = new TestNodes();
    const pod = nodes.pod('p');
    nodes.run([pod], 100, 2);
    nodes.clock.advance(4000);
    for (const container of pod.containers) container.usageNanos += 4 * 600e6;
    nodes.run([pod], 600, 1);
    expect(nodes.milli(pod)).toEqual([600]);
    expect(nodes.store.podMetrics({})[0]?.containers[0]?.cpuNanoCores).toBeCloseTo(((100 + 5 * 600) / 6) * 1e6, 0);
  });
  it('ends when its node falls silent', () => {
    const nodes = new TestNodes();
    const pod = nodes.pod('p');
    nodes.run([pod], 100, 3);
    nodes.clock.advance(17_000);
    expect(nodes.milli(pod)).toEqual([100]);
    nodes.clock.advance(2000);
    expect(nodes.milli(pod)).toBeUndefined();
    expect(nodes.store.nodeMetrics({})).toEqual([]);
  });
});

describe('samples', () => {
  it('may come twice, out of order, and late', () => {
    const nodes = new TestNodes();
    const pod = nodes.pod('p');
    nodes.run([pod], 100, 2);
    const samples = [1, 2, 3].map(() => {
      nodes.clock.advance(1000);
      for (const container of pod.containers) container.usageNanos += 100e6;
      return nodes.sample([pod]);
    });
    const [first, second, third] = samples;
    nodes.clock.advance(2500);
    const taken = [first, first, third, second, third].map((sample) => sample && nodes.store.take('n1', sample));
    expect(taken).toEqual([true, false, true, false, false]);
    expect(nodes.milli(pod)).toEqual([100]);
    // It was taken two and a half seconds ago, whenever it arrived.
    expect(nodes.clock.now() - (nodes.store.podMetrics({})[0]?.at ?? 0)).toBeCloseTo(2500, -2);
  });
  it('are placed by the clock that nobody sets', () => {
    const nodes = new TestNodes();
    const pod = nodes.pod('p');
    for (const step of [0, 3_600_000, -7_200_000]) {
      nodes.wallErrorMs += step;
      nodes.run([pod], 100, 3);
      expect(nodes.milli(pod)).toEqual([100]);
      expect(nodes.store.podMetrics({})[0]?.at).toBe(nodes.clock.now());
    }
    nodes.clock.step(3_600_000);
    expect(nodes.store.podMetrics({})[0]?.at).toBe(nodes.clock.now());
    expect(nodes.milli(pod)).toEqual([100]);
  });
  it.each([
    ['not a number', NaN],
    ['negative', -1],
    ['absurd', 1e30],
    ['infinite', Infinity],
    ['more than the machine has', 1e15],
    ['smaller than before', 1],
  ])('have no figure of a counter that is %s, and go on', (_what, value) => {
    const nodes = new TestNodes();
    const pod = nodes.pod('p');
    nodes.run([pod], 100, 3);
    const [container] = pod.containers;
    if (!container) throw new Error('there is no container');
    const real = container.usageNanos;
    container.usageNanos = value - 100e6;
    nodes.run([pod], 100, 1);
    expect(nodes.milli(pod)).toBeUndefined();
    container.usageNanos = real + 200e6;
    nodes.run([pod], 100, 2);
    expect(nodes.milli(pod)).toEqual([100]);
  });
  it.each([NaN, -5, 1e30])('are refused with ticks of %p', (ticksMs) => {
    const nodes = new TestNodes();
    const pod = nodes.pod('p');
    nodes.run([pod], 100, 3);
    expect(nodes.store.take('n1', { ...nodes.sample([pod]), ticksMs })).toBe(false);
    expect(nodes.milli(pod)).toEqual([100]);
  });
  it('go on after the clock of a node jumped, in either direction', () => {
    for (const jump of [3_600_000, -3_600_000]) {
      const nodes = new TestNodes();
      const pod = nodes.pod('p');
      const run = (offset: number): void => {
        nodes.clock.advance(1000);
        for (const container of pod.containers) container.usageNanos += 100e6;
        const sample = nodes.sample([pod]);
        nodes.store.take('n1', { ...sample, ticksMs: sample.ticksMs + offset });
        const [milli = 100] = nodes.milli(pod) ?? [];
        expect(milli).toBe(100);
      };
      for (let i = 0; i < 5; i++) run(0);
      for (let i = 0; i < 15; i++) run(jump);
      expect(nodes.milli(pod)).toEqual([100]);
      expect(nodes.store.podMetrics({})[0]?.at).toBe(nodes.clock.now());
    }
  });
  it('begin anew with another life of the agent, and the one before is not heard any more', () => {
    const nodes = new TestNodes();
    const pod = nodes.pod('p');
    nodes.run([pod], 100, 3);
    const old = nodes.sample([pod]);
    nodes.clock.advance(1000);
    expect(nodes.store.take('n1', { ...nodes.sample([pod]), boot: 'next', ticksMs: 5 })).toBe(true);
    expect(nodes.milli(pod)).toBeUndefined();
    expect(nodes.store.take('n1', old)).toBe(false);
    nodes.clock.advance(1000);
    for (const container of pod.containers) container.usageNanos += 300e6;
    expect(nodes.store.take('n1', { ...nodes.sample([pod]), boot: 'next', ticksMs: 1005 })).toBe(true);
    expect(nodes.milli(pod)).toEqual([300]);
  });
  it('compare with none of another life of the agent that began before it knew its pods', () => {
    const nodes = new TestNodes();
    const pod = nodes.pod('p');
    const next = (seconds: number, pods: readonly TestPod[], ofAgent: { boot: string; ticksMs: number }): void => {
      nodes.clock.advance(seconds * 1000);
      for (const container of pod.containers) container.usageNanos += seconds * 300e6;
      expect(nodes.store.take('n1', { ...nodes.sample(pods), ...ofAgent })).toBe(true);
    };
    next(1, [pod], { boot: 'short', ticksMs: 1000 });
    next(8, [], { boot: 'next', ticksMs: 1000 });
    next(1, [pod], { boot: 'next', ticksMs: 2000 });
    expect(nodes.milli(pod)).toBeUndefined();
    next(1, [pod], { boot: 'next', ticksMs: 3000 });
    expect(nodes.milli(pod)).toEqual([300]);
  });
  it('of a node speak of what the log binds to it, and of nothing else', () => {
    const nodes = new TestNodes();
    nodes.node('n2');
    const other = nodes.pod('other', ['a'], 'n2');
    const own = nodes.pod('own');
    const unknown: TestPod = { ...own, uid: 'uid-unknown', name: 'unknown' };
    const again: TestPod = { ...own, uid: 'uid-again' };
    const strange = { ...own, containers: [...own.containers, ...nodes.pod('x', ['strange']).containers] };
    nodes.run([other, unknown, again, strange], 100, 3);
    expect(nodes.store.podMetrics({}).map(({ name, containers }) => [name, containers.map((one) => one.name)])).toEqual(
      [['own', ['a']]],
    );
    expect(nodes.store.take('n2', nodes.sample([own]))).toBe(false);
    expect(nodes.store.take('n3', nodes.sample([own], 'n3'))).toBe(false);
    expect(nodes.store.nodeMetrics({}).map(({ name }) => name)).toEqual(['n1']);
  });
});

describe('memory', () => {
  it('is given back with the pods and nodes that are gone', () => {
    const nodes = new TestNodes();
    const all = Array.from({ length: 50 }, (_, i) => nodes.pod(`p${i}`, ['a', 'b']));
    nodes.run(all, 100, 2);
    const full = nodes.store.bytesUsed;
    for (const { name } of all) {
      const before = nodes.view.get({ id: 'core.pods' }, 'default', name);
      nodes.store.notice([{ kind: 'core.pods', position: 1, before, after: undefined }]);
    }
    expect(nodes.store.podMetrics({})).toEqual([]);
    expect(nodes.store.bytesUsed).toBeLessThan(full / 20);
    const before = nodes.view.get({ id: 'core.nodes' }, undefined, 'n1');
    nodes.store.notice([{ kind: 'core.nodes', position: 1, before, after: undefined }]);
    expect(nodes.store.bytesUsed).toBe(0);
  });
  it('that is spent costs the past, not the newest figures', () => {
    const nodes = new TestNodes({ bytesMax: 100_000 });
    const all = Array.from({ length: 200 }, (_, i) => nodes.pod(`p${i}`));
    nodes.run(all, 100, 3);
    expect(nodes.store.podMetrics({})).toHaveLength(200);
    const histories = nodes.store.history({ of: 'pods', sinceMs: 2000 });
    const kept = histories.filter(({ cpuNanoCores }) => cpuNanoCores.some((value) => value !== NOT_MEASURED));
    expect(kept.length).toBeGreaterThan(5);
    expect(kept.length).toBeLessThan(60);
  });
});

describe('the past', () => {
  it('is there by the second for two minutes and by steps for fifteen', () => {
    const nodes = new TestNodes();
    const pod = nodes.pod('p', ['a', 'b']);
    nodes.run([pod], 50, 900);
    nodes.run([pod], 100, 60);
    const [row] = nodes.store.history({ of: 'pods', namespace: 'default', sinceMs: 120_000 });
    expect(row?.name).toBe('p');
    expect(row?.cpuNanoCores).toEqual([...Array<number>(60).fill(100e6), ...Array<number>(60).fill(200e6)]);
    expect(row?.memoryBytes).toEqual(Array<number>(120).fill(2000));
    const [steps] = nodes.store.history({ of: 'pods', sinceMs: 900_000, everyMs: 15_000 });
    expect(steps?.cpuNanoCores).toHaveLength(60);
    expect(steps?.cpuNanoCores.slice(0, 55).every((value) => value === 100e6)).toBe(true);
    expect(steps?.cpuNanoCores.slice(-3)).toEqual([200e6, 200e6, 200e6]);
    expect(nodes.store.history({ of: 'pods', namespace: 'other', sinceMs: 1000 })).toEqual([]);
    const [machine] = nodes.store.history({ of: 'nodes', sinceMs: 5000 });
    expect(machine).toEqual({ name: 'n1', cpuNanoCores: Array(5).fill(1e9), memoryBytes: Array(5).fill(1e9) });
  });
  it('has the average of an interval in all of its seconds, and nothing where nothing was measured', () => {
    const nodes = new TestNodes();
    const pod = nodes.pod('p');
    nodes.run([pod], 100, 2);
    nodes.clock.advance(3000);
    nodes.run([pod], 500, 1);
    expect(nodes.store.history({ of: 'pods', sinceMs: 6000 })[0]?.cpuNanoCores).toEqual([
      ...[NOT_MEASURED, 100e6],
      ...Array<number>(4).fill(125e6),
    ]);
    const [container] = pod.containers;
    if (container) container.id = 'a-2';
    nodes.clock.advance(9000);
    nodes.run([pod], 100, 2);
    expect(nodes.store.history({ of: 'pods', sinceMs: 4000 })[0]?.cpuNanoCores).toEqual([
      ...[NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, 100e6],
    ]);
  });
  it('is asked for with any number', () => {
    const nodes = new TestNodes();
    nodes.run([nodes.pod('p')], 100, 3);
    for (const sinceMs of [NaN, -1, 0, 1e30, Infinity])
      expect(nodes.store.history({ of: 'pods', sinceMs })[0]?.cpuNanoCores.length).toBeLessThanOrEqual(120);
  });
});

describe('what was held back', () => {
  it('is the time at the limit, where it was reached often enough', () => {
    const nodes = new TestNodes();
    const pod = nodes.pod('p');
    const held = (): number => Math.round((nodes.store.load(pod.uid)?.containers[0]?.heldBackNanoCores ?? -1) / 1e6);
    const run = (seconds: number, throttledPeriods: number): void => {
      for (let i = 0; i < seconds; i++) {
        for (const container of pod.containers) {
          container.periods += 10;
          container.throttledPeriods += throttledPeriods;
          container.throttledNanos += 800e6;
        }
        nodes.run([pod], 200, 1);
      }
    };
    run(3, 0);
    expect(held()).toBe(0);
    run(17, 10);
    expect(held()).toBe(800);
  });
  it('is nothing from a reading that did not count it, and nothing that all processors together could not have worked', () => {
    const nodes = new TestNodes();
    const pod = nodes.pod('p');
    const heldAfter = (counted: { throttledNanos?: number; throttledPeriods?: number; periods?: number }): number => {
      nodes.clock.advance(1000);
      const sample = nodes.sample([pod]);
      for (const { containers } of sample.pods)
        for (const { cpu } of containers)
          Object.assign(
            cpu ?? {},
            { throttledNanos: undefined, throttledPeriods: undefined, periods: undefined },
            counted,
          );
      nodes.store.take('n1', sample);
      return Math.round((nodes.store.load(pod.uid)?.containers[0]?.heldBackNanoCores ?? 0) / 1e6);
    };
    heldAfter({});
    expect(heldAfter({ throttledNanos: 3e9, throttledPeriods: 30, periods: 30 })).toBe(0);
    expect(heldAfter({ throttledNanos: 87e9, throttledPeriods: 40, periods: 40 })).toBe(0);
    heldAfter({ throttledNanos: 88.5e9, throttledPeriods: 50, periods: 50 });
    expect(heldAfter({ throttledNanos: 90e9, throttledPeriods: 60, periods: 60 })).toBe(1500);
  });
});
