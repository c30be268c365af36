import type { Container, LifecycleHandler, Pod, ResourceRequirements } from '#pod';
import type { Instant } from '#std';
import type { PodRecord, ProbeKind } from './record.js';

/** Whether services lead to the pod: `left` when it is known to them and gets no new connections. */
export type Served = 'leads' | 'left';

/** A container as the engine shows it; `message` is what it left in its termination message file. */
export interface Observed {
  readonly id: string;
  readonly labels: {
    readonly container: string;
    readonly role: string;
    readonly attempt: number;
    readonly specHash: string;
  };
  readonly state: 'created' | 'running' | 'exited';
  readonly createdAt: Instant;
  readonly startedAt?: Instant;
  readonly finishedAt?: Instant;
  readonly exitCode?: number;
  readonly oomKilled?: boolean;
  readonly startError?: string;
  readonly image: string;
  readonly imageId: string;
  readonly sandboxId?: string;
  readonly ips?: readonly string[];
  readonly message?: string;
}

export interface NodeFacts {
  readonly name: string;
  readonly hostIps: readonly string[];
  /** `docker`, in front of container ids. */
  readonly scheme: string;
}

/** Everything that the decision about one pod is made from. */
export interface Situation {
  readonly pod: Pod;
  readonly record: PodRecord;
  /** All containers of this pod that the engine has. */
  readonly containers: readonly Observed[];
  /** What is being done right now, by the keys of {@link actionKey}. */
  readonly busy: ReadonlySet<string>;
  /** Containers that are being stopped, and when they are killed. */
  readonly stopping: Readonly<Record<string, Instant>>;
  /** The node is cut off for so long that the pod has to stop; what runs then is killed. */
  readonly fencedUntil?: Instant;
  /** Whether services lead to it; undefined when it is an endpoint of none. Known of a pod that is about to be stopped. */
  readonly served?: Served;
  /** The agent was told that the pod's uid is no more. */
  readonly gone: boolean;
  readonly node: NodeFacts;
  /** Why the amounts that the pod asks for now cannot be given. */
  readonly resizeRefused?: { readonly reason: 'Infeasible' | 'Deferred'; readonly message: string };
  readonly now: Instant;
}

export type Action =
  | { readonly do: 'volumes' }
  | { readonly do: 'sandbox'; readonly attempt: number }
  | {
      readonly do: 'start';
      readonly container: string;
      readonly attempt: number;
      readonly sandboxId: string;
      readonly ips: readonly string[];
    }
  | {
      readonly do: 'stop';
      readonly id: string;
      readonly container: string;
      /** Runs before the signal, inside the grace period. */
      readonly preStop?: LifecycleHandler;
      readonly signal?: string;
      readonly deadline: Instant;
      readonly ip?: string;
    }
  | { readonly do: 'resize'; readonly container: string; readonly id: string; readonly resources: ResourceRequirements }
  | { readonly do: 'remove'; readonly id: string }
  | {
      readonly do: 'probe';
      readonly kind: ProbeKind;
      readonly container: string;
      readonly id: string;
      readonly ip: string;
    }
  /** Removes all that is left of the pod on this node. */
  | { readonly do: 'cleanup' };

/** What an action is known by while it is under way: the same key is not begun twice. */
export function actionKey(action: Action): string {
  switch (action.do) {
    case 'start':
    case 'resize':
      return `${action.do}:${action.container}`;
    case 'stop':
    case 'remove':
      return `${action.do}:${action.id}`;
    case 'probe':
      return `probe:${action.kind}:${action.container}`;
    default:
      return action.do;
  }
}

/** Something that `kubectl events` shows. */
export interface Incident {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly container?: string;
}

/** Attempts of one container, the newest first. */
export function attemptsOf(containers: readonly Observed[], name: string): readonly Observed[] {
  return containers
    .filter((c) => c.labels.container === name && c.labels.role !== 'infra')
    .sort((a, b) => b.labels.attempt - a.labels.attempt);
}
/** The sandbox that counts: a running one, or else the newest. */
export function sandboxOf(containers: readonly Observed[]): Observed | undefined {
  const all = containers.filter((c) => c.labels.role === 'infra').sort((a, b) => b.labels.attempt - a.labels.attempt);
  return all.find((c) => c.state === 'running') ?? all[0];
}
export function podIpsOf(situation: Pick<Situation, 'containers' | 'pod' | 'node'>): readonly string[] {
  if (situation.pod.spec.hostNetwork) return situation.node.hostIps;
  const sandbox = sandboxOf(situation.containers);
  return sandbox?.state === 'running' ? (sandbox.ips ?? []) : [];
}
/** Made for the sandbox that runs now; one from before has lost its network. Times do not tell: clocks are set back. */
export function isOfSandbox(container: Observed, sandbox: Observed | undefined): boolean {
  return sandbox !== undefined && container.sandboxId === sandbox.id;
}
export function hasStarted(container: Container, record: PodRecord, observed: Observed | undefined): boolean {
  if (observed?.state !== 'running') return false;
  const known = record.containers[container.name];
  if (known?.postStart === 'running' && known.postStartFor === observed.id) return false;
  if (!container.startupProbe) return true;
  const state = known?.probes.startup;
  return state?.containerId === observed.id && state.result === 'success';
}
