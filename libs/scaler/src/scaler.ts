import { Recurrences, subjects } from '#engine';
import type {
  Change,
  MetricsAnswer,
  NodeMetrics,
  NodeMetricsQuestion,
  PodMetrics,
  PodMetricsQuestion,
  UsageHistory,
  UsageHistoryQuestion,
  View,
} from '#model';
import type { Bus, Clock, Measurements } from '#ports';
import { Attention, type Watched } from './attention.js';
import { LoadMeasurements } from './load-measurements.js';
import { MetricCache } from './metric-cache.js';
import { SampleReader } from './sample-reader.js';
import { UsageStore } from './usage-store.js';

export interface ScalerOptions {
  readonly reads: { readonly projection: View; onChanges(listener: (changes: readonly Change[]) => void): () => void };
  readonly bus: Bus;
  readonly clock: Clock;
  /** See {@link UsageStoreOptions}. */
  readonly bytesMax?: number;
  /** Receives what went wrong for one node or one metric, the 1st, 2nd, 4th, 8th … time; the others go on. */
  readonly onFault?: (what: string, cause: unknown) => void;
}

/** Keeps what agents measure, answers for it, and lets loops decide on it. All of it goes with the process and is measured again. */
export class Scaler {
  readonly measurements: Measurements;
  private readonly attention: Attention;
  private readonly store: UsageStore;
  private readonly reader: SampleReader;
  private readonly metrics: MetricCache;
  private readonly faults = new Recurrences();
  private readonly unfollow: () => void;

  constructor(private readonly options: ScalerOptions) {
    const { reads, bus, clock, bytesMax } = options;
    const view = reads.projection;
    this.store = new UsageStore({ view, clock, ...(bytesMax !== undefined && { bytesMax }) });
    this.reader = new SampleReader({
      ...{ store: this.store, clock },
      askKey: (node) => bus.publish(subjects.keySample(node), new Uint8Array()),
      onFault: (what, cause) => this.fault(what, cause),
      onSample: (node) => this.attention.sampled(node),
    });
    this.metrics = new MetricCache({ bus, clock, onAnswer: (question) => this.attention.answered(question) });
    this.measurements = new LoadMeasurements({ view, clock, store: this.store, metrics: this.metrics });
    this.attention = new Attention({ view, clock, measurements: this.measurements });
    this.unfollow = reads.onChanges((changes) => {
      this.store.notice(changes);
      this.reader.notice(changes);
    });
  }

  /** Takes a frame of the agent of a node. */
  take(node: string, frame: Uint8Array): void {
    this.reader.take(node, frame);
  }
  /** The answers to a look at one key, which is looked at again when they call for it. */
  measurementsFor(key: string): Measurements {
    return this.attention.measurementsFor(key);
  }
  /** Has the keys of a loop looked at as soon as their figures would change what it decides. */
  wake(runner: Watched): void {
    this.attention.wake(runner);
  }
  stop(): void {
    this.unfollow();
    this.attention.stop();
    this.metrics.stop();
  }

  /** Answers `query.scaler.pods`: averages over fifteen seconds where there is as much, as metrics-server's are by default. */
  pods(question: PodMetricsQuestion): MetricsAnswer<PodMetrics> {
    return this.answer(this.store.podMetrics(question));
  }
  /** Answers `query.scaler.nodes`. */
  nodes(question: NodeMetricsQuestion): MetricsAnswer<NodeMetrics> {
    return this.answer(this.store.nodeMetrics(question));
  }
  /** Answers `query.scaler.history`. */
  history(question: UsageHistoryQuestion): MetricsAnswer<UsageHistory> {
    return this.answer(this.store.history(question));
  }
  private answer<T>(figures: readonly T[]): MetricsAnswer<T> {
    return { position: this.options.reads.projection.position, figures };
  }

  private fault(what: string, cause: unknown): void {
    if (this.faults.add(what)) this.options.onFault?.(what, cause);
  }
}
