import { collectDefaultMetrics, Registry } from 'prom-client';

/** What is known of this process, in the text format of Prometheus. */
export class ProcessMetrics {
  private registry: Registry | undefined;

  /** It counts from the first call on: keeping count costs memory. */
  text(): Promise<string> {
    if (this.registry === undefined) {
      this.registry = new Registry();
      collectDefaultMetrics({ register: this.registry });
    }
    return this.registry.metrics();
  }
}
