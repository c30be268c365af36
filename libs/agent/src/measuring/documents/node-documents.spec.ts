import { describe, expect, it } from '@jest/globals';
import { FakeMeter } from '#adapters';
import { decodeMessage, encodeMessage } from '#engine';
import type { NodeSample } from '#model';
import type { MeteredPod } from '#ports';
import { TestNode, testPod } from '../../test-node.js';
import { cadvisorMetrics } from './cadvisor-metrics.js';
import { goNumber, prometheusText } from './prometheus-text.js';
import { resourceMetrics } from './resource-metrics.js';
import { statsSummary } from './stats-summary.js';

const AT = Date.UTC(2026, 0, 1);
const MIB = 2 ** 20;
const usage = (nanos: number) => ({
  cpu: { usageNanos: nanos, limitMilli: 500, periods: 40, throttledPeriods: 10, throttledNanos: 2.5e9 },
  memory: { usage: 100 * MIB, workingSet: 80 * MIB, rss: 60 * MIB, cache: 30 * MIB, limit: 200 * MIB, pageFaults: 7 },
});
const network = [
  { name: 'eth0', receivedBytes: 10, receiveErrors: 1, sentBytes: 20, sendErrors: 2, receivedPackets: 3 },
];
function sampleAt(seconds: number): NodeSample {
  return {
    node: 'n1',
    boot: 'b',
    sequence: seconds,
    at: AT + seconds * 1000,
    ticksMs: seconds * 1000,
    machine: {
      startedAt: AT - 3_600_000,
      cpus: 4,
      memoryBytes: 8192 * MIB,
      pids: 300,
      pidsMax: 32768,
      cpu: { usageNanos: 1e12 + seconds * 1.5e9 },
      memory: { usage: 4096 * MIB, workingSet: 3000 * MIB, rss: 2000 * MIB, swap: 0 },
      network,
      fileSystem: { usedBytes: 5e9, capacityBytes: 1e10, availableBytes: 4e9, inodes: 1000, inodesFree: 900 },
      imageFileSystem: { usedBytes: 6e9, capacityBytes: 2e10, availableBytes: 5e9 },
    },
    pods: [
      {
        uid: 'u1',
        namespace: 'default',
        name: 'web',
        startedAt: AT - 60_000,
        network,
        volumes: [{ name: 'cache', usedBytes: 4096, inodesUsed: 2 }],
        containers: [
          { name: 'app', id: 'aaa', startedAt: AT - 50_000, ...usage(5e9 + seconds * 4e8), rootfs: { usedBytes: 100 } },
          { name: 'side "b"', id: 'bbb', startedAt: AT - 40_500, ...usage(1e9) },
        ],
      },
    ],
  };
}
const sandboxes = new Map([['u1', { name: 'infra', id: 'ccc', startedAt: AT - 60_000, ...usage(1e8) }]]);
const metered: readonly MeteredPod[] = [
  {
    uid: 'u1',
    namespace: 'default',
    name: 'web',
    startedAt: AT,
    hasHostNetwork: false,
    volumes: [],
    containers: ['aaa', 'bbb', 'ccc'].map((id) => ({ id, name: id, role: 'app', image: `img-${id}:1`, startedAt: AT })),
  },
];

describe('what a kubelet serves', () => {
  it('is written as Go writes numbers and Prometheus labels', () => {
    expect([0, 1, 0.5, 999999, 1e6, 104857600, 1.25e-5, -2.5, Infinity, NaN].map(goNumber)).toEqual([
      '0',
      '1',
      '0.5',
      '999999',
      '1e+06',
      '1.048576e+08',
      '1.25e-05',
      '-2.5',
      '+Inf',
      'NaN',
    ]);
    const labels = { b: 'x\n"y"\\', a: '1' };
    const family = { name: 'm', type: 'gauge', help: 'h', series: [{ labels, value: 1, at: 5.4 }] } as const;
    expect(prometheusText([family, { ...family, name: 'none', series: [] }])).toBe(
      '# HELP m h\n# TYPE m gauge\nm{a="1",b="x\\n\\"y\\"\\\\"} 1 5\n',
    );
  });

  it('/metrics/resource: use of the node, its pods and containers', () => {
    const text = prometheusText(resourceMetrics(sampleAt(10), sandboxes));
    const at = AT + 10_000;
    expect(text.split('\n').filter((line) => !line.startsWith('# HELP'))).toEqual([
      '# TYPE container_cpu_usage_seconds_total counter',
      `container_cpu_usage_seconds_total{container="app",namespace="default",pod="web"} 9 ${at}`,
      `container_cpu_usage_seconds_total{container="side \\"b\\"",namespace="default",pod="web"} 1 ${at}`,
      '# TYPE container_memory_working_set_bytes gauge',
      `container_memory_working_set_bytes{container="app",namespace="default",pod="web"} 8.388608e+07 ${at}`,
      `container_memory_working_set_bytes{container="side \\"b\\"",namespace="default",pod="web"} 8.388608e+07 ${at}`,
      '# TYPE container_start_time_seconds gauge',
      'container_start_time_seconds{container="app",namespace="default",pod="web"} 1.76722555e+09',
      'container_start_time_seconds{container="side \\"b\\"",namespace="default",pod="web"} 1.7672255595e+09',
      '# TYPE node_cpu_usage_seconds_total counter',
      `node_cpu_usage_seconds_total 1015 ${at}`,
      '# TYPE node_memory_working_set_bytes gauge',
      `node_memory_working_set_bytes 3.145728e+09 ${at}`,
      '# TYPE node_swap_usage_bytes gauge',
      `node_swap_usage_bytes 0 ${at}`,
      '# TYPE pod_cpu_usage_seconds_total counter',
      `pod_cpu_usage_seconds_total{namespace="default",pod="web"} 10.1 ${at}`,
      '# TYPE pod_memory_working_set_bytes gauge',
      `pod_memory_working_set_bytes{namespace="default",pod="web"} 2.5165824e+08 ${at}`,
      '# TYPE resource_scrape_error gauge',
      'resource_scrape_error 0',
      '',
    ]);
    expect(text).toContain('# HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the node in');
  });

  it('/metrics/cadvisor: each cgroup with its labels, infra containers with the network of their pod', () => {
    const measured = { sample: sampleAt(10), metered, sandboxes };
    const text = prometheusText(cadvisorMetrics(measured, { machineId: 'm1', bootId: 'b1' }));
    const at = AT + 10_000;
    const labels = 'container="app",cpu="total",id="/aaa",image="img-aaa:1",name="aaa",namespace="default",pod="web"';
    const infra = 'container="",id="/ccc",image="img-ccc:1",interface="eth0",name="ccc",namespace="default",pod="web"';
    const lines = text.split('\n');
    for (const line of [
      `container_cpu_usage_seconds_total{${labels}} 9 ${at}`,
      `container_network_receive_bytes_total{${infra}} 10 ${at}`,
      `container_spec_cpu_quota{${labels.replace('cpu="total",', '')}} 50000 ${at}`,
      `container_cpu_cfs_throttled_seconds_total{${labels.replace('cpu="total",', '')}} 2.5 ${at}`,
      `machine_cpu_cores{boot_id="b1",machine_id="m1",system_uuid="m1"} 4 ${at}`,
    ])
      expect(lines).toContain(line);
    const ids = lines.flatMap((line) => /^container_memory_working_set_bytes\{.*id="([^"]*)"/.exec(line)?.[1] ?? []);
    expect(ids).toEqual(['/', '/ccc', '/aaa', '/bbb']);
    expect(lines.filter((line) => line.startsWith('container_network_receive_bytes_total{'))).toHaveLength(2);
    expect(new Set(lines.filter((line) => line !== '')).size).toBe(lines.length - 1);
  });

  it('/stats/summary: the Summary of stats/v1alpha1 with rates since the sample before', () => {
    const summary = statsSummary(sampleAt(10), sandboxes, sampleAt(8));
    const time = '2026-01-01T00:00:10Z';
    expect(summary).toMatchObject({
      node: {
        nodeName: 'n1',
        startTime: '2025-12-31T23:00:00Z',
        cpu: { time, usageNanoCores: 1_500_000_000, usageCoreNanoSeconds: 1_015_000_000_000 },
        memory: { time, workingSetBytes: 3000 * MIB, availableBytes: 5192 * MIB },
        network: { name: 'eth0', rxBytes: 10, txErrors: 2, interfaces: [{ name: 'eth0' }] },
        fs: { capacityBytes: 1e10, usedBytes: 5e9, inodesFree: 900 },
        runtime: { imageFs: { capacityBytes: 2e10 } },
        rlimit: { maxpid: 32768, curproc: 300 },
      },
      pods: [
        {
          podRef: { name: 'web', namespace: 'default', uid: 'u1' },
          cpu: { usageNanoCores: 400_000_000, usageCoreNanoSeconds: 10_100_000_000 },
          memory: { workingSetBytes: 240 * MIB },
          volume: [{ name: 'cache', usedBytes: 4096, capacityBytes: 1e10 }],
          'ephemeral-storage': { usedBytes: 4196, inodesUsed: 2 },
          containers: [
            {
              name: 'app',
              cpu: { usageNanoCores: 400_000_000 },
              memory: { availableBytes: 120 * MIB },
              rootfs: { usedBytes: 100, capacityBytes: 2e10 },
            },
            { name: 'side "b"', cpu: { usageNanoCores: 0 } },
          ],
        },
      ],
    });
    const first = JSON.stringify(statsSummary(sampleAt(10), sandboxes, undefined));
    expect(first).not.toContain('usageNanoCores');
    // A counter that began anew makes no rate.
    expect(JSON.stringify(statsSummary(sampleAt(0), sandboxes, sampleAt(2)).pods)).not.toContain('"usageNanoCores":-');
  });

  it('is answered on the bus, by path', async () => {
    const node = new TestNode(
      {},
      (clock) => new FakeMeter({ clock, load: () => ({ cpuMilli: 100, memoryBytes: MIB }) }),
    );
    const api = node.hub.connect('api');
    const ask = async (path: string): Promise<{ code: number; type: string; text: string }> => {
      const answer = api.request('node.n1.metrics', encodeMessage({ path }), 1000);
      await node.run(50);
      return decodeMessage(await answer) as unknown as { code: number; type: string; text: string };
    };
    await node.start();
    expect((await ask('/stats/summary')).code).toBe(503);
    node.assign(testPod('web'));
    await node.run(5000);
    expect((await ask('/metrics/resource')).text).toContain('container_cpu_usage_seconds_total{container="c"');
    expect((await ask('/metrics/cadvisor')).text).toContain('machine_memory_bytes');
    expect(JSON.parse((await ask('/stats/summary')).text)).toMatchObject({ pods: [{ podRef: { name: 'web' } }] });
    const own = (await ask('/metrics')).text;
    expect(own).toContain('kubelet_running_pods 1');
    expect(own).toContain('kubelet_running_containers{container_state="running"} 1');
    expect(own).toContain('kubelet_node_name{node="n1"} 1');
    expect(own).toContain('process_cpu_seconds_total');
    expect(await ask('/healthz')).toMatchObject({ code: 200, text: 'ok' });
    expect(await ask('/toString')).toMatchObject({ code: 404 });
  });
});
