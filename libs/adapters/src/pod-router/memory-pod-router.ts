import type { HostNetwork, PodWay } from '#model';
import type { PathFailure, PodRouter, PodRouterPlan } from '#ports';

/** Remembers what it is to do, and joins nobody; refuses when it is told to. */
export class MemoryPodRouter implements PodRouter {
  readonly plans: PodRouterPlan[] = [];
  /** Why calls are refused; undefined: they are carried out. */
  refusal: string | undefined;
  /** Why the host's networks cannot be read; undefined: they can. */
  unreadable: string | undefined;
  /** Paths that cannot be made. */
  failures: readonly PathFailure[] = [];

  constructor(public network: HostNetwork) {}

  host(): Promise<HostNetwork> {
    if (this.unreadable !== undefined) return Promise.reject(new Error(this.unreadable));
    return Promise.resolve(this.network);
  }
  apply(plan: PodRouterPlan): Promise<readonly PathFailure[]> {
    if (this.refusal !== undefined) return Promise.reject(new Error(this.refusal));
    this.plans.push(plan);
    return Promise.resolve(this.failures);
  }
  /** As a machine does that keeps what was made. */
  ways(): Promise<ReadonlyMap<string, PodWay>> {
    return Promise.resolve(new Map((this.plans.at(-1)?.paths ?? []).map(({ podCidr, way }) => [podCidr, way])));
  }
  remove(): Promise<void> {
    this.plans.length = 0;
    return Promise.resolve();
  }
}
