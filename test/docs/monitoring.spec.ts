import { beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { cadvisorMetrics } from '../../libs/agent/src/measuring/documents/cadvisor-metrics.js';
import { prometheusText } from '../../libs/agent/src/measuring/documents/prometheus-text.js';
import { resourceMetrics } from '../../libs/agent/src/measuring/documents/resource-metrics.js';
import { TestNode, testPod } from '../../libs/agent/src/test-node.js';
import { FakeMeter } from '#adapters';
import { decodeMessage, encodeMessage, subjects } from '#engine';
import type { NodeDocument, NodeSample } from '#model';

const MIB = 2 ** 20;
const usage = {
  cpu: { usageNanos: 1e9, limitMilli: 500, periods: 40, throttledPeriods: 10, throttledNanos: 1e9, pressureNanos: 1 },
  memory: {
    usage: MIB,
    workingSet: MIB,
    rss: MIB,
    cache: 0,
    swap: 0,
    limit: 2 * MIB,
    pageFaults: 1,
    majorPageFaults: 1,
    oomKills: 0,
  },
  io: { readBytes: 1, writeBytes: 1, reads: 1, writes: 1 },
  pids: 2,
};
const network = [
  {
    name: 'eth0',
    receivedBytes: 1,
    receivedPackets: 1,
    receiveErrors: 0,
    receiveDrops: 0,
    sentBytes: 1,
    sentPackets: 1,
    sendErrors: 0,
    sendDrops: 0,
  },
];
const container = { name: 'c', id: 'a', startedAt: 0, rootfs: { usedBytes: 1 }, ...usage };
/** A node of which everything is known: what its documents do not have, an agent never has. */
const sample: NodeSample = {
  ...{ node: 'n1', boot: 'b', sequence: 1, at: 1, ticksMs: 1 },
  machine: {
    startedAt: 0,
    cpus: 1,
    memoryBytes: MIB,
    network,
    imageFileSystem: { usedBytes: 1, capacityBytes: 2 },
    ...usage,
  },
  pods: [{ uid: 'u', namespace: 'default', name: 'web', startedAt: 0, network, containers: [container] }],
};
const sandboxes = new Map([['u', { ...container, name: 'infra', id: 'i' }]]);

interface Dashboard {
  readonly title: string;
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
    readonly targets: readonly { readonly expr: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] };
}
interface Job {
  readonly job_name: string;
  readonly scheme: string;
  readonly metrics_path?: string;
  readonly authorization: { readonly credentials_file: string };
  readonly relabel_configs?: readonly { readonly target_label?: string; readonly replacement?: string }[];
}

const read = (name: string): string => readFileSync(join(import.meta.dirname, '../../docs/examples', name), 'utf8');
const metricsIn = (text: string): readonly string[] =>
  text.split('\n').flatMap((line) => /^([a-z_:]+)[{ ]/.exec(line)?.[1] ?? []);
/** The names of metrics in an expression: what is neither a function, a keyword, nor a label. */
const namesIn = (expr: string): readonly string[] =>
  expr
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring) \([^)]*\)/g, ' ')
    .match(/[a-z_]+(?![a-z_]*\()/g)
    ?.filter((word) => word.includes('_') && word !== 'label_values') ?? [];

describe('what watches over a cluster from outside', () => {
  const documents = new Map<string, NodeDocument>();
  const known = new Set<string>();

  beforeAll(async () => {
    const node = new TestNode(
      {},
      (clock) => new FakeMeter({ clock, load: () => ({ cpuMilli: 100, memoryBytes: MIB }) }),
    );
    const api = node.hub.connect('api');
    await node.start();
    node.assign(testPod('web'));
    await node.run(5000);
    for (const path of ['/metrics', '/metrics/resource', '/metrics/cadvisor']) {
      const answer = api.request(subjects.node('n1', 'metrics'), encodeMessage({ path }), 1000);
      await node.run(50);
      documents.set(path, decodeMessage(await answer) as unknown as NodeDocument);
    }
    const machine = { machineId: 'm', bootId: 'b' };
    const whole = [
      documents.get('/metrics')?.text ?? '',
      prometheusText(resourceMetrics(sample, sandboxes)),
      prometheusText(cadvisorMetrics({ sample, metered: [], sandboxes }, machine)),
    ];
    for (const text of whole) for (const name of metricsIn(text)) known.add(name);
  });

  it('docs/examples/grafana-dashboard.json asks for metrics that the documents of nodes have, and for nothing else', () => {
    const { panels, templating } = JSON.parse(read('grafana-dashboard.json')) as Dashboard;
    expect(namesIn('sum by (node) (rate(a_b_total{c_d="x"}[1m])) / on (e_f) g_h')).toEqual(['a_b_total', 'g_h']);
    const variables = templating.list.flatMap(({ query }) => namesIn(JSON.stringify(query)));
    const asked = new Set([
      ...panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => namesIn(expr))),
      ...variables,
    ]);
    expect(asked.size).toBeGreaterThan(15);
    expect([...asked].filter((name) => !known.has(name))).toEqual([]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { title, gridPos, targets } of panels) {
      expect(title).not.toBe('');
      expect(targets.length).toBeGreaterThan(0);
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    }
  });

  it('docs/examples/prometheus.yml scrapes the documents of nodes through the API, with the token of its account', () => {
    const config = parse(read('prometheus.yml')) as { readonly scrape_configs: readonly Job[] };
    const jobs = config.scrape_configs;
    const paths = jobs.flatMap(({ relabel_configs: rules = [] }) =>
      rules.flatMap(({ target_label: label, replacement = '' }) => (label === '__metrics_path__' ? replacement : [])),
    );
    expect(paths.map((path) => path.replace('/api/v1/nodes/$1/proxy', '')).sort()).toEqual(
      [...documents.keys()].sort(),
    );
    for (const { code, type } of documents.values()) {
      expect([code, type]).toEqual([200, expect.stringMatching(/^text\/plain; version=0\.0\.4/)]);
    }
    for (const { scheme, authorization } of jobs) {
      expect(scheme).toBe('https');
      expect(authorization.credentials_file).toContain('serviceaccount/token');
    }
    // Panels name the jobs that they are about.
    const named = [...read('grafana-dashboard.json').matchAll(/job=\\"([^"\\]+)\\"/g)].map(([, job]) => job);
    expect(jobs.map((job) => job.job_name)).toEqual(expect.arrayContaining([...new Set(named)]));
  });
});
