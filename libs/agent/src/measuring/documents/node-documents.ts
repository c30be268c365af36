import { decodeMessage, encodeMessage, subjects } from '#engine';
import type { NodeDocument, NodeDocumentQuestion } from '#model';
import type { BusSubscription } from '#ports';
import type { AgentOptions } from '../../options.js';
import type { NodeMeasurer } from '../node-measurer.js';
import type { RunningPod } from '../metered-pods.js';
import { cadvisorMetrics } from './cadvisor-metrics.js';
import { prometheusText, type Family } from './prometheus-text.js';
import { resourceMetrics } from './resource-metrics.js';
import { statsSummary } from './stats-summary.js';

const PLAIN = 'text/plain; charset=utf-8';
const METRICS = 'text/plain; version=0.0.4; charset=utf-8';
const JSON_TYPE = 'application/json';

/** Answers with the documents that a kubelet serves over HTTP, out of what was measured last. */
export class NodeDocuments {
  constructor(
    private readonly options: Pick<AgentOptions, 'bus' | 'node' | 'processMetrics'>,
    private readonly measurer: Pick<NodeMeasurer, 'latest' | 'previous'>,
    private readonly running: () => Iterable<RunningPod>,
  ) {}

  serve(): BusSubscription {
    const { bus, node } = this.options;
    return bus.subscribe(subjects.node(node.name, 'metrics'), async (data) => {
      const { path } = decodeMessage(data) as unknown as NodeDocumentQuestion;
      return encodeMessage(await this.document(path));
    });
  }
  /** 503 until something was measured. */
  async document(path: string): Promise<NodeDocument> {
    if (path === '/healthz') return { code: 200, type: PLAIN, text: 'ok' };
    if (path === '/metrics') return { code: 200, type: METRICS, text: await this.ownMetrics() };
    const write = this.writers[path];
    if (write === undefined) return { code: 404, type: PLAIN, text: '404 page not found\n' };
    return write() ?? { code: 503, type: PLAIN, text: 'nothing was measured yet\n' };
  }

  private readonly writers: Readonly<Record<string, () => NodeDocument | undefined>> = {
    '/metrics/resource': () => {
      const { latest } = this.measurer;
      return latest && metricsOf(resourceMetrics(latest.sample, latest.sandboxes));
    },
    '/metrics/cadvisor': () => {
      const { latest } = this.measurer;
      const { machineId = '', bootId = '' } = this.options.node;
      return latest && metricsOf(cadvisorMetrics(latest, { machineId, bootId }));
    },
    '/stats/summary': () => {
      const { latest, previous } = this.measurer;
      if (latest === undefined) return undefined;
      const summary = statsSummary(latest.sample, latest.sandboxes, previous);
      return { code: 200, type: JSON_TYPE, text: JSON.stringify(summary) };
    },
  };

  /** Of the agent's own process, and of what it runs. */
  private async ownMetrics(): Promise<string> {
    const { node, processMetrics } = this.options;
    const own = await processMetrics?.();
    return prometheusText(kubeletMetrics(node.name, [...this.running()])) + (own ?? '');
  }
}

function kubeletMetrics(node: string, running: readonly RunningPod[]): readonly Family[] {
  const states = new Map<string, number>();
  for (const { labels, state } of running.flatMap(({ containers }) => containers))
    if (labels.role !== 'infra') states.set(state, (states.get(state) ?? 0) + 1);
  const gauge = (name: string, help: string, series: Family['series']): Family => ({
    name: `kubelet_${name}`,
    type: 'gauge',
    help: `[ALPHA] ${help}`,
    series,
  });
  return [
    gauge('node_name', "The node's name. The count is always 1.", [{ labels: { node }, value: 1 }]),
    gauge('running_pods', 'Number of pods that have a running pod sandbox', [
      { value: running.filter(({ containers }) => containers.some(isRunningInfra)).length },
    ]),
    gauge(
      'running_containers',
      'Number of containers currently running',
      [...states].map(([state, value]) => ({ labels: { container_state: state }, value })),
    ),
  ];
}
function isRunningInfra({ labels, state }: RunningPod['containers'][number]): boolean {
  return labels.role === 'infra' && state === 'running';
}
function metricsOf(families: readonly Family[]): NodeDocument {
  return { code: 200, type: METRICS, text: prometheusText(families) };
}
