import { kubelet } from '#loops';
import type { KubeObject, MachineReading } from '#model';
import type { AgentOptions } from './options.js';
import type { Reporter } from './reporter.js';

/** How often a node looks at what it has left, in milliseconds. */
export const PRESSURE_LOOK_MS = 10_000;

export interface NodePressureContext {
  /** Undefined: it is not measured. */
  readonly machine: () => MachineReading | undefined;
  /** The Node as the control plane last showed it. */
  readonly node: () => KubeObject | undefined;
  readonly reporter: Reporter;
  readonly onChange: () => void;
}

/** Knows what the node is short of, by what it measures. */
export class NodePressure {
  private times: kubelet.PressureTimes = {};
  /** What the node is short of. */
  now: readonly kubelet.Pressure[] = [];

  constructor(
    private readonly options: AgentOptions,
    private readonly context: NodePressureContext,
  ) {}

  look(): void {
    const { clock, node } = this.options;
    const nowMs = clock.monotonic();
    const machine = this.context.machine();
    const thresholds = node.evictionHard ?? kubelet.EVICTION_HARD;
    if (machine) this.times = kubelet.pressureTimes(this.times, machine, { thresholds, nowMs });
    const before = this.now;
    this.now = kubelet.pressuresAt(this.times, nowMs);
    const changed = kubelet.PRESSURES.filter((pressure) => before.includes(pressure) !== this.now.includes(pressure));
    for (const pressure of changed) {
      const reason = kubelet.pressureEvent(pressure, this.now.includes(pressure));
      const message = `Node ${node.name} status is now: ${reason}`;
      this.context.reporter.ofNode(this.context.node(), { type: 'Normal', reason, message });
    }
    if (changed.length > 0) this.context.onChange();
  }
}
