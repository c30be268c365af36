import type { RequestInfo } from './request-info.js';

/** Counts of answered requests, in the text form that Prometheus reads. */
export class Metrics {
  private readonly requests = new Map<string, number>();

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
    );
    return `${lines.join('\n')}\n`;
  }
}
const safe = (text: string): string => (/^[\w.-]*$/.test(text) ? text : 'other');
