import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AuditLog } from '#ports';
import type { RequestInfo } from './request-info.js';

/** Coarse, so that an idle server is hardly woken up by the measurement itself. */
const RESOLUTION_MS = 100;
const QUANTILES = [0.5, 0.99, 1];
/** Series of requests at most: resources are definitions of the cluster's users. */
const SERIES_MAX = 2000;
/** Upper bounds in seconds, those of a genuine API server that dashboards draw. */
const BUCKETS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.5, 2, 3, 5, 10, 15, 30, 60];

/** Metrics of the server in the text format of Prometheus, under the names of a genuine API server where it has them. */
export class Metrics {
  private readonly registry = new Registry();
  private readonly requests = this.counter(
    'apiserver_request_total',
    'Requests answered, by verb, resource and status code.',
    ['verb', 'group', 'version', 'resource', 'subresource', 'code'],
  );
  private readonly durations = new Histogram({
    name: 'apiserver_request_duration_seconds',
    help: 'Time from a request to its answer, without watches and sessions.',
    labelNames: ['verb', 'group', 'resource'],
    buckets: BUCKETS,
    registers: [this.registry],
  });
  private readonly delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private readonly series = new Set<string>();

  /** `serves` is false for a resource that is not served: a client may make up any number of names. */
  constructor(
    audit: Pick<AuditLog, 'written' | 'lost'> | undefined,
    private readonly serves: (info: RequestInfo) => boolean,
  ) {
    this.delay.enable();
    this.gauge('process_resident_memory_bytes', 'Memory of the process.', () => process.memoryUsage.rss());
    this.gauge('nodejs_heap_used_bytes', 'Memory in use by objects.', () => process.memoryUsage().heapUsed);
    this.eventLoopDelay();
    if (audit === undefined) return;
    this.total('apiserver_audit_event_total', 'Audit events that were written.', () => audit.written);
    this.total(
      'apiserver_audit_error_total',
      'Audit events that were lost: the disk was too slow or full.',
      () => audit.lost,
      {
        plugin: 'log',
      },
    );
  }

  /** `cameAt` is the monotonic time of its arrival in ms; undefined for what goes on, as a watch does, and has no duration. */
  count(info: RequestInfo, code: number, cameAt?: number): void {
    const { group, version, resource, subresource } = info.isResource && this.serves(info) ? info : NO_RESOURCE;
    const labels = { verb: info.verb.toUpperCase() || 'OTHER', group, version, resource, subresource, code };
    const key = Object.values(labels).join(' ');
    if (!this.series.has(key)) {
      if (this.series.size >= SERIES_MAX) return;
      this.series.add(key);
    }
    this.requests.inc(labels);
    if (cameAt === undefined) return;
    this.durations.observe({ verb: labels.verb, group, resource }, (performance.now() - cameAt) / 1000);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  private counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private gauge(name: string, help: string, value: () => number): void {
    const collect = (): void => gauge.set(value());
    const gauge: Gauge = new Gauge({ name, help, registers: [this.registry], collect });
  }

  /** A counter that is kept elsewhere. */
  private total(name: string, help: string, value: () => number, labels: Readonly<Record<string, string>> = {}): void {
    const collect = (): void => {
      counter.reset();
      counter.inc(labels, value());
    };
    const counter: Counter = new Counter({
      name,
      help,
      labelNames: Object.keys(labels),
      registers: [this.registry],
      collect,
    });
  }

  /** The histogram holds the time between two looks: what exceeds the planned time is the delay. */
  private eventLoopDelay(): void {
    const { delay } = this;
    const collect = (): void => {
      for (const quantile of QUANTILES) {
        const lateMs = delay.count === 0 ? 0 : Math.max(0, delay.percentile(quantile * 100) / 1e6 - RESOLUTION_MS);
        gauge.set({ quantile: String(quantile) }, lateMs / 1000);
      }
      delay.reset();
    };
    const gauge: Gauge<'quantile'> = new Gauge({
      name: 'shiplog_event_loop_delay_seconds',
      help: 'How late the event loop was since these metrics were last read.',
      labelNames: ['quantile'],
      registers: [this.registry],
      collect,
    });
  }
}

const NO_RESOURCE = { group: '', version: '', resource: '', subresource: '' } as const;
