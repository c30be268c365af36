import { describe, expect, it } from '@jest/globals';
import { MemoryBusHub, RecordedKernelFiles, VirtualClock } from '#adapters';
import { KernelMeter } from '#agent';
import { registry, SCALE_ON_PRESSURE } from '#kinds';
import { horizontalPodAutoscaler } from '#loops';
import { MeasurementEncoder, RecordedOutside, submitsOf } from '#model';
import { TestView } from '#model/testing';
import type { MeteredPod } from '#ports';
import { measured, Scaler } from '#scaler';
import { toTime } from '#std';

const ID = 'a'.repeat(64);
const FOLDER = `/sys/fs/cgroup/system.slice/docker-${ID}.scope`;
const SECOND = 1000;
const loop = horizontalPodAutoscaler(registry);

/** What a kernel with cgroups v2 counts in a second, in microseconds, of periods of 100 ms. */
interface PerSecond {
  readonly used: number;
  readonly waited: number;
  readonly throttled?: number;
  readonly throttledPeriods?: number;
}
/** The files of a container after so many seconds: 6.1 with the systemd driver, with pressure stall information. */
function tree(seconds: number, { used, waited, throttled = 0, throttledPeriods = 0 }: PerSecond, quota: string) {
  const total = 1_000_000 + seconds * waited;
  return {
    [`${FOLDER}/cpu.stat`]:
      `usage_usec ${seconds * used}\nuser_usec ${seconds * used}\nsystem_usec 0\nnr_periods ${seconds * 10}\n` +
      `nr_throttled ${seconds * throttledPeriods}\nthrottled_usec ${seconds * throttled}\nnr_bursts 0\nburst_usec 0\n`,
    [`${FOLDER}/cpu.max`]: `${quota}\n`,
    [`${FOLDER}/cpu.pressure`]:
      `some avg10=12.31 avg60=4.02 avg300=0.94 total=${total}\n` +
      `full avg10=9.87 avg60=3.11 avg300=0.71 total=${Math.round(total / 2)}\n`,
    [`${FOLDER}/memory.current`]: '20971520\n',
    [`${FOLDER}/memory.stat`]: 'anon 10000000\nfile 4000000\ninactive_file 3000000\nactive_file 1000000\n',
  };
}

/** The size and its reason that an autoscaler with a target of 100m chooses for one pod after ten such seconds. */
function decided(perSecond: PerSecond, { quota = 'max 100000', isByPressure = true } = {}) {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1, 12));
  const view = new TestView(registry);
  const long = toTime(clock.now() - 3_600_000);
  view.put({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', uid: 'n' } });
  const container = { name: 'app', image: 'example.com/a:1', resources: { requests: { cpu: '100m' } } };
  view.put({
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { name: 'web', namespace: 'default', uid: 'web', labels: { app: 'web' } },
    spec: { nodeName: 'n', containers: [container] },
    status: {
      ...{ phase: 'Running', startTime: long },
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: long }],
    },
  });
  view.put({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default', uid: 'd' } },
    ...{ spec: { replicas: 1, selector: { matchLabels: { app: 'web' } } }, status: { replicas: 1 } },
  });
  const annotations: Record<string, string> = isByPressure ? { [SCALE_ON_PRESSURE]: 'true' } : {};
  const resource = { name: 'cpu', target: { type: 'Utilization', averageUtilization: 100 } };
  view.put({
    ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
    metadata: { name: 'web', namespace: 'default', uid: 'h', annotations },
    spec: {
      ...{ scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 20 },
      metrics: [{ type: 'Resource', resource }],
    },
  });
  const files = new RecordedKernelFiles({
    '/proc/stat': 'cpu  1000 200 300 90000 50 10 20 30 400 0\ncpu0 500 100\ncpu1 500 100\nbtime 1790000000\n',
    '/proc/meminfo': 'MemTotal:        8000000 kB\nMemFree:         2000000 kB\n',
    '/proc/self/mountinfo': '35 25 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n',
    '/proc/101/cgroup': `0::/system.slice/docker-${ID}.scope\n`,
    ...tree(0, perSecond, quota),
  });
  const meter = new KernelMeter({ files, clock, places: { pods: '/pods', images: '/images' } });
  const bus = new MemoryBusHub(clock).connect('scaler');
  const scaler = new Scaler({ reads: { projection: view, onChanges: () => () => undefined }, bus, clock });
  const encoder = new MeasurementEncoder();
  const metered: MeteredPod = {
    ...{ uid: 'web', namespace: 'default', name: 'web', startedAt: 1000, hasHostNetwork: false, volumes: [] },
    containers: [{ id: ID, name: 'app', role: 'app', image: 'i', startedAt: 1000, pid: 101 }],
  };
  for (let s = 1; s <= 10; s++) {
    clock.advance(SECOND);
    for (const [path, text] of Object.entries(tree(s, perSecond, quota))) files.put(path, text);
    const { machine, pods } = meter.read([metered]);
    const times = { at: clock.now(), ticksMs: clock.monotonic() };
    scaler.take('n', encoder.encode({ node: 'n', boot: 'b', sequence: s, ...times, machine, pods }));
  }
  const facts = new RecordedOutside(measured(scaler.measurementsFor('default/web')));
  const submits = submitsOf(loop.reconcile(view, 'default/web', clock.now(), facts));
  const scale = submits.find(({ command }) => command.subresource === 'scale');
  scaler.stop();
  return { size: (scale?.command.body as { spec: { replicas: number } } | undefined)?.spec.replicas, ...scale };
}

describe('pressure of cgroups v2, from files of the kernel to a size', () => {
  it('a container that has no limit and waits for processors asks for what it waited, too', () => {
    const busy = decided({ used: 150_000, waited: 600_000 });
    expect(busy.size).toBe(8);
    expect(busy.because).toContain('600m of it held back by limits or neighbours');
  });
  it('without the annotation the same load has the size of Kubernetes', () => {
    expect(decided({ used: 150_000, waited: 600_000 }, { isByPressure: false }).size).toBe(2);
  });
  it('of a container at its limit the kernel counts the same time as throttled and as waited: it counts once', () => {
    const limited = { used: 100_000, waited: 400_000, throttled: 390_000, throttledPeriods: 10 };
    expect(decided(limited, { quota: '10000 100000' }).size).toBe(5);
    const counted = { used: 100_000, waited: 0, throttled: 400_000, throttledPeriods: 10 };
    expect(decided(counted, { quota: '10000 100000' }).size).toBe(5);
  });
  it('waiting for less than a tenth of the time is nothing that more replicas would cure', () => {
    expect(decided({ used: 100_000, waited: 90_000 }).size).toBeUndefined();
    expect(decided({ used: 100_000, waited: 110_000 }).size).toBe(3);
  });
  it('a demand of more than ten times the use is not believed', () => {
    expect(decided({ used: 30_000, waited: 990_000 }).size).toBe(3);
  });
});
