import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { AuditLog } from '#ports';
import type { RequestInfo } from './request-info.js';

/** Coarse, so that a server that does nothing is hardly woken up by looking at itself. */
const LOOK_MS = 20;
const QUANTILES = [0.5, 0.99, 1];

/** Counts of answered requests and the state of the process, in the text form that Prometheus reads. */
export class Metrics {
  private readonly requests = new Map<string, number>();
  private readonly delay = monitorEventLoopDelay({ resolution: LOOK_MS });

  constructor(private readonly audit: Pick<AuditLog, 'written' | 'lost'> | undefined) {
    this.delay.enable();
  }

  count({ verb, group, version, resource, subresource, isResource }: RequestInfo, code: number): void {
    const labels = isResource
      ? `code="${code}",group="${safe(group)}",resource="${safe(resource)}",subresource="${safe(subresource)}",verb="${verb.toUpperCase()}",version="${safe(version)}"`
      : `code="${code}",group="",resource="",subresource="",verb="${safe(verb).toUpperCase()}",version=""`;
    // Names that clients make up must not fill the memory.
    if (this.requests.size > 2000 && !this.requests.has(labels)) return;
    this.requests.set(labels, (this.requests.get(labels) ?? 0) + 1);
  }

  text(): string {
    const lines = [
      '# HELP apiserver_request_total Requests answered, by verb, resource and status code.',
      '# TYPE apiserver_request_total counter',
    ];
    for (const [labels, count] of [...this.requests].sort(([a], [b]) => (a < b ? -1 : 1))) {
      lines.push(`apiserver_request_total{${labels}} ${count}`);
    }
    const { rss, heapUsed } = process.memoryUsage();
    lines.push(
      '# HELP process_resident_memory_bytes Memory of the process.',
      '# TYPE process_resident_memory_bytes gauge',
      `process_resident_memory_bytes ${rss}`,
      '# HELP nodejs_heap_used_bytes Memory in use by objects.',
      '# TYPE nodejs_heap_used_bytes gauge',
      `nodejs_heap_used_bytes ${heapUsed}`,
      ...this.delayLines(),
      ...this.auditLines(),
    );
    return `${lines.join('\n')}\n`;
  }

  private auditLines(): readonly string[] {
    if (this.audit === undefined) return [];
    return [
      '# HELP apiserver_audit_event_total Audit events that were written.',
      '# TYPE apiserver_audit_event_total counter',
      `apiserver_audit_event_total ${this.audit.written}`,
      '# HELP apiserver_audit_error_total Audit events that were lost since the disk was too slow or full.',
      '# TYPE apiserver_audit_error_total counter',
      `apiserver_audit_error_total{plugin="log"} ${this.audit.lost}`,
    ];
  }

  /** What is measured is the time between two looks: what it is longer than planned is the delay. */
  private delayLines(): readonly string[] {
    const lines = [
      '# HELP shiplog_event_loop_delay_seconds How late the event loop was since this page was last read.',
      '# TYPE shiplog_event_loop_delay_seconds gauge',
    ];
    for (const quantile of QUANTILES) {
      const lateMs = this.delay.count === 0 ? 0 : Math.max(0, this.delay.percentile(quantile * 100) / 1e6 - LOOK_MS);
      lines.push(`shiplog_event_loop_delay_seconds{quantile="${quantile}"} ${(lateMs / 1000).toFixed(6)}`);
    }
    this.delay.reset();
    return lines;
  }
}
const safe = (text: string): string => (/^[\w.-]*$/.test(text) ? text : 'other');
