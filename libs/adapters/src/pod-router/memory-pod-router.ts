import type { HostNetwork } from '#model';
import type { PodRouter, PodRouterPlan } from '#ports';

/** Remembers what it is to do, and joins nobody; refuses when it is told to. */
export class MemoryPodRouter implements PodRouter {
  readonly plans: PodRouterPlan[] = [];
  /** Why calls are refused; undefined: they are carried out. */
  refusal: string | undefined;

  constructor(public network: HostNetwork) {}

  host(): Promise<HostNetwork> {
    return Promise.resolve(this.network);
  }
  apply(plan: PodRouterPlan): Promise<void> {
    if (this.refusal !== undefined) return Promise.reject(new Error(this.refusal));
    this.plans.push(plan);
    return Promise.resolve();
  }
  remove(): Promise<void> {
    this.plans.length = 0;
    return Promise.resolve();
  }
}
