import { subjects } from '#engine';
import { MeasurementEncoder, type MachineReading, type NodeSample } from '#model';
import type { MeteredPod, MeterReading } from '#ports';
import type { AgentOptions } from '../options.js';
import { meteredPods, type RunningPod } from './metered-pods.js';

const INTERVAL_MS = 1000;

/** One reading of the node, with what it was read of. */
export interface Measured {
  readonly sample: NodeSample;
  readonly metered: readonly MeteredPod[];
  readonly sandboxes: MeterReading['sandboxes'];
}

/**
 * Measures the node again and again and publishes each sample on the node's subject. What cannot be sent at once is lost: the
 * next sample has what this one had, and says it newer.
 */
export class NodeMeasurer {
  /** What was measured last. */
  latest: Measured | undefined;
  /** The sample before it, for rates. */
  previous: NodeSample | undefined;
  private readonly encoder = new MeasurementEncoder();
  private readonly intervalMs: number;
  private sequence = 0;
  private isFailing = false;

  constructor(
    private readonly options: AgentOptions,
    private readonly boot: string,
    private readonly running: () => Iterable<RunningPod>,
  ) {
    this.intervalMs = options.meter === undefined ? 0 : (options.node.metricsIntervalMs ?? INTERVAL_MS);
  }

  /** @returns what ends it */
  start(): () => void {
    const { bus, clock, node, meter } = this.options;
    if (this.intervalMs === 0 || meter === undefined) return () => undefined;
    let cancel: () => void = () => undefined;
    let isOver = false;
    const start = clock.monotonic();
    const next = (): void => {
      // By the beginning, so that what each measurement takes does not add up.
      const waitMs = this.intervalMs - ((clock.monotonic() - start) % this.intervalMs);
      cancel = clock.after(waitMs, () => {
        this.measure();
        next();
      });
    };
    next();
    bus.onConnection(() => this.encoder.startOver());
    const asked = bus.subscribe(subjects.keySample(node.name), () => {
      if (isOver || this.latest === undefined) return;
      this.encoder.startOver();
      this.publish(this.latest.sample);
    });
    return () => {
      isOver = true;
      cancel();
      asked.unsubscribe();
      meter.close();
    };
  }

  /** The machine as it was measured a moment ago, or is now where it was not; undefined where nothing can be measured. */
  machine(): MachineReading | undefined {
    const { clock, meter } = this.options;
    const { sample } = this.latest ?? {};
    const isFresh = sample && clock.monotonic() - sample.ticksMs <= 2 * this.intervalMs;
    if (isFresh) return sample.machine;
    return this.isFailing ? undefined : meter?.read([]).machine;
  }

  private measure(): void {
    const { clock, node, meter, volumes } = this.options;
    try {
      const metered = meteredPods(this.running(), volumes);
      const at = clock.now();
      const ticksMs = clock.monotonic();
      const { machine, pods, sandboxes } = meter?.read(metered) ?? {};
      if (machine === undefined || pods === undefined || sandboxes === undefined) return;
      const sequence = ++this.sequence;
      const sample = { node: node.name, boot: this.boot, sequence, at, ticksMs, machine, pods };
      this.previous = this.latest?.sample;
      this.latest = { sample, metered, sandboxes };
      this.publish(sample);
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) this.options.log?.(`measuring: ${error instanceof Error ? error.message : String(error)}`);
      this.isFailing = true;
    }
  }
  private publish(sample: NodeSample): void {
    this.options.bus.publish(subjects.measurements(this.options.node.name), this.encoder.encode(sample));
  }
}
