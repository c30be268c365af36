import { describe, expect, it } from '@jest/globals';
import { RecordedKernelFiles, VirtualClock } from '#adapters';
import type { ContainerReading } from '#model';
import type { MeteredContainer, MeteredPod } from '#ports';
import { KernelMeter } from './kernel-meter.js';
import { APP_ID, devText, INFRA_ID, SIDE_ID, v1Tree, v2Cgroup, v2Tree } from './testing/recorded-trees.js';

const APP_V2 = `/sys/fs/cgroup/system.slice/docker-${APP_ID}.scope`;

function meterOf(tree: Record<string, string>): {
  readonly meter: KernelMeter;
  readonly files: RecordedKernelFiles;
  readonly clock: VirtualClock;
} {
  const files = new RecordedKernelFiles(tree);
  const clock = new VirtualClock(0);
  const meter = new KernelMeter({ files, clock, places: { pods: '/pods', images: '/images' } });
  return { meter, files, clock };
}
function container(name: string, id: string, pid: number | undefined): MeteredContainer {
  const role = name === 'infra' ? 'infra' : 'app';
  return { id, name, role, image: 'img:1', startedAt: 1000, ...(pid !== undefined && { pid }) };
}
function podOf(...containers: MeteredContainer[]): MeteredPod {
  const names = { uid: 'uid-1', namespace: 'default', name: 'web' };
  return { ...names, startedAt: 900, hasHostNetwork: false, containers, volumes: [] };
}
const pod = podOf(container('app', APP_ID, 101), container('side', SIDE_ID, 102), container('infra', INFRA_ID, 103));
const only = podOf(container('app', APP_ID, 101));

describe('a meter of the kernel', () => {
  it('reads cgroups v2 of a pod of several containers, its network and its infra container', () => {
    const { meter } = meterOf(v2Tree());
    const { pods, sandboxes } = meter.read([pod]);
    const memory = {
      usage: 104857600,
      workingSet: 74857600,
      rss: 50000000,
      cache: 40000000,
      pageFaults: 4321,
      majorPageFaults: 7,
      limit: 268435456,
      swap: 4096,
      oomKills: 1,
      pressureNanos: 55_000,
    };
    const rest = { memory, pids: 9, io: { readBytes: 5096, writeBytes: 8192, reads: 4, writes: 2 } };
    const throttling = { limitMilli: 500, periods: 40, throttledPeriods: 10, throttledNanos: 2_500_000_000 };
    const pressureNanos = 777_000;
    expect(pods).toEqual([
      {
        uid: 'uid-1',
        namespace: 'default',
        name: 'web',
        startedAt: 900,
        network: [
          {
            name: 'eth0',
            receivedBytes: 700,
            receivedPackets: 10,
            receiveErrors: 1,
            receiveDrops: 2,
            sentBytes: 800,
            sentPackets: 20,
            sendErrors: 3,
            sendDrops: 4,
          },
        ],
        containers: [
          {
            name: 'app',
            id: APP_ID,
            startedAt: 1000,
            cpu: { usageNanos: 5_000_000_000, ...throttling, pressureNanos },
            ...rest,
          },
          { name: 'side', id: SIDE_ID, startedAt: 1000, cpu: { usageNanos: 1_000_000_000, pressureNanos }, ...rest },
        ],
      },
    ]);
    expect(sandboxes.get('uid-1')).toMatchObject({ id: INFRA_ID, cpu: { usageNanos: 20_000_000 } });
  });

  it('reads cgroups v1', () => {
    const { meter } = meterOf(v1Tree());
    expect(meter.read([only]).pods[0]?.containers).toEqual([
      {
        name: 'app',
        id: APP_ID,
        startedAt: 1000,
        cpu: {
          usageNanos: 5_000_000_123,
          limitMilli: 1500,
          periods: 40,
          throttledPeriods: 10,
          throttledNanos: 2_500_000_000,
        },
        memory: {
          usage: 104857600,
          workingSet: 74857600,
          rss: 50000000,
          cache: 40000000,
          swap: 4096,
          limit: 268435456,
          pageFaults: 4321,
          majorPageFaults: 7,
          oomKills: 2,
        },
        pids: 9,
        io: { readBytes: 5096, writeBytes: 8192, reads: 1, writes: 2 },
      },
    ]);
  });

  it('reads the machine', () => {
    const { meter } = meterOf(v2Tree());
    expect(meter.read([]).machine).toEqual({
      startedAt: 1790000000_000,
      cpus: 2,
      memoryBytes: 8_000_000 * 1024,
      cpu: { usageNanos: 123_456_789_000, pressureNanos: 5_000_000 },
      memory: {
        usage: 6_000_000 * 1024,
        workingSet: 5_000_000 * 1024,
        rss: 3_000_000 * 1024,
        cache: 1_500_000 * 1024,
        swap: 600 * 1024,
      },
      pids: 345,
      pidsMax: 32768,
      network: [expect.objectContaining({ name: 'eth0', receivedBytes: 1000, sentBytes: 2000 })],
    });
    const { '/sys/fs/cgroup/cpu.stat': _top, ...hidden } = v2Tree();
    expect(meterOf(hidden).meter.read([]).machine.cpu?.usageNanos).toBe(1_560 * 10_000_000);
  });

  it.each([
    ['the cgroupfs driver of v2', v2Tree('/docker'), 101],
    ['a parent that was chosen by hand', v2Tree('/kube.slice/mine.slice'), 101],
    ['processes that it does not see', v2Tree(), undefined],
    ['a number that is another process here', v2Tree(), 103],
    ['a part of v1 that is mounted', v1Tree('/docker/outer'), 101],
  ])('finds the cgroup with %s', (_case, tree, pid) => {
    const { meter } = meterOf(tree);
    const found = meter.read([podOf(container('app', APP_ID, pid))]).pods[0]?.containers[0];
    expect(found).toMatchObject({ id: APP_ID, memory: { usage: 104857600 } });
    expect(Math.floor((found?.cpu?.usageNanos ?? 0) / 1e9)).toBe(5);
  });

  it('finds the cgroup from within a cgroup namespace, where the host’s folder is mounted', () => {
    const tree = {
      ...v2Tree(),
      '/proc/self/mountinfo':
        '40 30 0:30 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n41 40 0:30 /../.. /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n',
      '/proc/101/cgroup': `0::/../docker-${APP_ID}.scope\n`,
    };
    expect(meterOf(tree).meter.read([only]).pods[0]?.containers[0]?.id).toBe(APP_ID);
  });

  it('never shows less than nothing as a working set', () => {
    const { meter, files } = meterOf(v2Tree());
    files.put(`${APP_V2}/memory.current`, '1000\n');
    expect(meter.read([only]).pods[0]?.containers[0]?.memory).toMatchObject({ usage: 1000, workingSet: 0 });
  });

  it('leaves a container out whose cgroup is gone, and takes it up when there is one again', () => {
    const { meter, files, clock } = meterOf(v2Tree());
    expect(meter.read([only]).pods).toHaveLength(1);
    files.remove(APP_V2);
    expect(meter.read([only]).pods).toEqual([]);
    for (const [path, text] of Object.entries(v2Cgroup(APP_V2, { usageMicros: 3, quota: 'max 100000' })))
      files.put(path, text);
    clock.advanceTo(11_000);
    expect(meter.read([only]).pods[0]?.containers[0]?.cpu?.usageNanos).toBe(3000);
  });

  it('takes a restarted container for another life', () => {
    const { meter, files } = meterOf(v2Tree());
    meter.read([only]);
    const id = 'd'.repeat(64);
    files.remove(APP_V2);
    const folder = `/sys/fs/cgroup/system.slice/docker-${id}.scope`;
    files.put('/proc/201/cgroup', `0::/system.slice/docker-${id}.scope\n`);
    for (const [path, text] of Object.entries(v2Cgroup(folder, { usageMicros: 10, quota: 'max 100000' })))
      files.put(path, text);
    const next = { ...container('app', id, 201), startedAt: 5000 };
    const reading = meter.read([podOf(next)]).pods[0]?.containers[0];
    expect(reading).toMatchObject({ id, startedAt: 5000, cpu: { usageNanos: 10_000 } });
  });

  it('reads time and memory each time, and what changes slowly every ten seconds', () => {
    const { meter, files, clock } = meterOf(v2Tree());
    meter.read([pod]);
    files.put(`${APP_V2}/cpu.stat`, 'usage_usec 6000000\nnr_periods 50\n');
    files.put(`${APP_V2}/pids.current`, '10\n');
    files.put(`${APP_V2}/cpu.max`, 'max 100000\n');
    files.put('/proc/103/net/dev', devText([['eth0', 900, 800]]));
    const shown = (): unknown[] => {
      const { containers, network } = meter.read([pod]).pods[0] ?? { containers: [] as ContainerReading[] };
      const { cpu, pids } = containers[0] ?? {};
      return [cpu?.usageNanos, cpu?.limitMilli, pids, network?.[0]?.receivedBytes];
    };
    clock.advanceTo(1000);
    const readsBefore = files.reads;
    meter.read([pod]);
    expect(files.reads - readsBefore).toBe(2 * 4 + 2);
    files.put(`${APP_V2}/cpu.stat`, 'usage_usec 7000000\nnr_periods 50\n');
    clock.advanceTo(22_000);
    expect(shown()).toEqual([7e9, undefined, 10, 900]);
  });
});
