/** Asked at `query.scaler.pods`: the newest figures of pods. */
export interface PodMetricsQuestion {
  /** All namespaces where absent. */
  readonly namespace?: string;
  readonly name?: string;
}
/** Asked at `query.scaler.nodes`. */
export interface NodeMetricsQuestion {
  readonly name?: string;
}
/** An average over the interval that ended at `at`. */
export interface UsageFigure {
  /** Billionths of a processor. */
  readonly cpuNanoCores: number;
  /** The working set at the end of the interval. */
  readonly memoryBytes: number;
}
/** Of a pod: only those of which each running container has a full interval, as with metrics-server. */
export interface PodMetrics {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** End of the interval in milliseconds since 1970, by the wall clock of the scaler, and its length. */
  readonly at: number;
  readonly windowMs: number;
  readonly containers: readonly (UsageFigure & { readonly name: string })[];
}
export interface NodeMetrics extends UsageFigure {
  readonly name: string;
  readonly at: number;
  readonly windowMs: number;
}
/** What a question for figures is answered with. */
export interface MetricsAnswer<Figures> {
  /** Where the scaler's view of the log was. */
  readonly position: number;
  readonly figures: readonly Figures[];
}

/** Asked at `query.scaler.history`: what `shiplog top` draws. */
export interface UsageHistoryQuestion {
  readonly of: 'pods' | 'nodes';
  readonly namespace?: string;
  /** How far back, at most two minutes by the second, and fifteen by steps. */
  readonly sinceMs: number;
  /** Milliseconds between two figures: 1000, where absent, or 15000. */
  readonly everyMs?: number;
}
export interface UsageHistory {
  readonly namespace?: string;
  readonly name: string;
  /** Oldest first, a second (or what was asked for) apart; -1 where nothing was measured. Billionths of a processor, and bytes. */
  readonly cpuNanoCores: readonly number[];
  readonly memoryBytes: readonly number[];
}
