import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
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
  private own: Registry | undefined;

  constructor(
    private readonly options: Pick<AgentOptions, 'bus' | 'node'>,
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

  /** Of the agent's own process, and of what it runs. Made when it is first asked for: it costs memory. */
  private ownMetrics(): Promise<string> {
    this.own ??= this.registry();
    return this.own.metrics();
  }
  private registry(): Registry {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const { running, options } = this;
    const registers = [registry];
    new Gauge({
      name: 'kubelet_node_name',
      help: '[ALPHA] The node’s name. The count is always 1.',
      labelNames: ['node'],
      registers,
    }).set({ node: options.node.name }, 1);
    new Gauge({
      name: 'kubelet_running_pods',
      help: '[ALPHA] Number of pods that have a running pod sandbox',
      registers,
      collect() {
        this.set([...running()].filter(({ containers }) => containers.some(isRunningInfra)).length);
      },
    });
    new Gauge({
      name: 'kubelet_running_containers',
      help: '[ALPHA] Number of containers currently running',
      labelNames: ['container_state'],
      registers,
      collect() {
        this.reset();
        for (const { containers } of running())
          for (const { labels, state } of containers) if (labels.role !== 'infra') this.inc({ container_state: state });
      },
    });
    return registry;
  }
}

function isRunningInfra({ labels, state }: RunningPod['containers'][number]): boolean {
  return labels.role === 'infra' && state === 'running';
}
function metricsOf(families: readonly Family[]): NodeDocument {
  return { code: 200, type: METRICS, text: prometheusText(families) };
}
