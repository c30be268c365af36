import { subjects } from '#engine';
import { MeasurementEncoder, type MachineReading, type NodeSample } from '#model';
import type { MeteredPod, MeterReading } from '#ports';
import type { AgentOptions } from '../options.js';
import { meteredPods, type RunningPod } from './metered-pods.js';
import { Rises } from './rises.js';

const INTERVAL_MS = 1000;
/** After a rise of load the next measurement comes as soon as this: long enough for four of the kernel's periods of a limit. */
const SOON_MS = 400;
/** So often at most. */
const SOON_EVERY_MS = 5000;
/** A longer interval is believed alone. */
const SHORT_INTERVAL_MS = 1800;

/** One reading of the node, with what it was read of. */
export interface Measured {
  readonly sample: NodeSample;
  readonly metered: readonly MeteredPod[];
  readonly sandboxes: MeterReading['sandboxes'];
}

/**
 * Measures the node again and again and publishes each sample on the node's subject. What cannot be sent at once is lost: the
 * next sample has what this one had, and says it newer. A rise of load is measured again before its time, so that whoever waits for a second
 * interval that says so knows it earlier.
 */
export class NodeMeasurer {
  /** What was measured last. */
  latest: Measured | undefined;
  /** The sample before it, for rates. */
  previous: NodeSample | undefined;
  private readonly encoder = new MeasurementEncoder();
  private readonly intervalMs: number;
  private readonly rises = new Rises();
  private soonAt = -Infinity;
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
    let cancelSoon: () => void = () => undefined;
    let isOver = false;
    const start = clock.monotonic();
    const next = (): void => {
      // By the beginning, so that what each measurement takes does not add up.
      const waitMs = this.intervalMs - ((clock.monotonic() - start) % this.intervalMs);
      cancel = clock.after(waitMs, () => {
        if (this.measure() && this.isSoonDue()) cancelSoon = clock.after(SOON_MS, () => void this.measure());
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
      cancelSoon();
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

  private isSoonDue(): boolean {
    const now = this.options.clock.monotonic();
    const isWorth = this.intervalMs >= 2 * SOON_MS && this.intervalMs < SHORT_INTERVAL_MS;
    if (!isWorth || now - this.soonAt < SOON_EVERY_MS) return false;
    this.soonAt = now;
    return true;
  }

  /** True if the load of a container has risen. */
  private measure(): boolean {
    const { clock, node, meter, volumes } = this.options;
    try {
      const metered = meteredPods(this.running(), volumes);
      const at = clock.now();
      const ticksMs = clock.monotonic();
      const { machine, pods, sandboxes } = meter?.read(metered) ?? {};
      if (machine === undefined || pods === undefined || sandboxes === undefined) return false;
      const sequence = ++this.sequence;
      const sample = { node: node.name, boot: this.boot, sequence, at, ticksMs, machine, pods };
      this.previous = this.latest?.sample;
      this.latest = { sample, metered, sandboxes };
      this.publish(sample);
      this.isFailing = false;
      return this.rises.take(sample);
    } catch (error) {
      if (!this.isFailing) this.options.log?.(`measuring: ${error instanceof Error ? error.message : String(error)}`);
      this.isFailing = true;
      return false;
    }
  }
  private publish(sample: NodeSample): void {
    this.options.bus.publish(subjects.measurements(this.options.node.name), this.encoder.encode(sample));
  }
}
