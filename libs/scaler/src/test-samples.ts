import { VirtualClock } from '#adapters';
import { registry } from '#kinds';
import { TestView } from '#model/testing';
import type { ContainerReading, NodeSample } from '#model';
import { UsageStore, type UsageStoreOptions } from './usage-store.js';

const SECOND = 1000;

/** A container that a test node runs. Its counters are what `use` adds to them. */
export interface TestContainer {
  readonly name: string;
  id: string;
  startedAt: number;
  usageNanos: number;
  workingSet: number;
  throttledNanos: number;
  throttledPeriods: number;
  periods: number;
  limitMilli?: number;
}
export interface TestPod {
  readonly uid: string;
  readonly name: string;
  readonly containers: TestContainer[];
}

/** A store with nodes that send samples, on a clock that is moved by hand. */
export class TestNodes {
  readonly clock = new VirtualClock(Date.UTC(2026, 0, 1, 12));
  readonly view = new TestView(registry);
  readonly store: UsageStore;
  /** By how many milliseconds the wall clock of the nodes is wrong. */
  wallErrorMs = 0;
  private readonly sequences = new Map<string, number>();

  constructor(options: Partial<UsageStoreOptions> = {}) {
    this.store = new UsageStore({ view: this.view, clock: this.clock, ...options });
    this.node('n1');
  }

  node(name: string): void {
    this.view.put({ apiVersion: 'v1', kind: 'Node', metadata: { name, uid: `node-${name}` } });
  }
  /** A pod that the log binds to a node. */
  pod(
    name: string,
    containers: readonly string[] = ['a'],
    node = 'n1',
    labels: Readonly<Record<string, string>> = {},
  ): TestPod {
    this.view.put({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', uid: `uid-${name}`, labels } },
      spec: { nodeName: node, containers: containers.map((one) => ({ name: one, image: 'example.com/a:1' })) },
      status: { phase: 'Running' },
    });
    return { uid: `uid-${name}`, name, containers: containers.map((one) => this.container(one)) };
  }
  private container(name: string): TestContainer {
    const startedAt = this.clock.now() + this.wallErrorMs;
    return {
      ...{ name, id: `${name}-1`, startedAt, usageNanos: 5e9, workingSet: 1000 },
      ...{ throttledNanos: 0, throttledPeriods: 0, periods: 0 },
    };
  }

  sample(pods: readonly TestPod[], node = 'n1'): NodeSample {
    const sequence = (this.sequences.get(node) ?? 0) + 1;
    this.sequences.set(node, sequence);
    return {
      ...{
        node,
        boot: 'boot',
        sequence,
        at: this.clock.now() + this.wallErrorMs,
        ticksMs: 7_000_000 + this.clock.monotonic(),
      },
      machine: {
        ...{ startedAt: 0, cpus: 4, memoryBytes: 8e9 },
        cpu: { usageNanos: this.clock.monotonic() * 1e6 },
        memory: { usage: 2e9, workingSet: 1e9, rss: 1e9 },
      },
      pods: pods.map(({ uid, name, containers }) => ({
        ...{ uid, name, namespace: 'default', startedAt: 0 },
        containers: containers.map(readingOf),
      })),
    };
  }
  /** Lets seconds pass, in each of which every container uses so many thousandths of a processor and a sample arrives. */
  run(pods: readonly TestPod[], milli: number, seconds: number): void {
    for (let i = 0; i < seconds; i++) {
      this.clock.advance(SECOND);
      for (const { containers } of pods) for (const one of containers) one.usageNanos += milli * 1e6;
      this.store.take('n1', this.sample(pods));
    }
  }
  /** What the containers of a pod use now, in thousandths of a processor. */
  milli({ uid }: TestPod): readonly number[] | undefined {
    return this.store.load(uid)?.containers.map(({ cpuNanoCores }) => Math.round(cpuNanoCores / 1e6));
  }
}

function readingOf(container: TestContainer): ContainerReading {
  const { name, id, startedAt, usageNanos, workingSet, limitMilli } = container;
  const { throttledNanos, throttledPeriods, periods } = container;
  return {
    ...{ name, id, startedAt },
    cpu: { usageNanos, throttledNanos, throttledPeriods, periods, ...(limitMilli !== undefined && { limitMilli }) },
    memory: { usage: workingSet + 5, workingSet, rss: workingSet },
  };
}
