import { pods } from '#kinds';
import { quantityMilliValue, quantityOf } from '#meta';
import { parseStream } from '#model';
import { isReady, type Pod } from '#pod';
import type { EventChecker } from '../checkers/checker.js';
import { demandAfter, IDLE, type Demand } from './demand.js';

/** What a pod does at a moment, in thousandths of a processor. */
export interface Work {
  readonly askedMilli: number;
  /** As much of it as its limit allows. */
  readonly workedMilli: number;
  readonly limitMilli: number | undefined;
}
/** Between which bounds something was. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

/** The pods of a label `app` in a namespace share one demand. */
export function workloadOf(pod: Pod): string {
  return `${pod.metadata.namespace ?? ''}/${pod.metadata.labels?.['app'] ?? ''}`;
}
/** What a program takes for itself, and for each thousandth of a processor that it works. */
const MEMORY_BYTES = 16 * 2 ** 20;
const MEMORY_BYTES_PER_MILLI = 64 * 2 ** 10;

interface Rate {
  readonly from: number;
  readonly worked: number;
  readonly asked: number;
}
interface Serving {
  readonly workload: string;
  readonly limitMilli: number | undefined;
}
/**
 * The true load of a world. Each ready pod takes an equal share of the demand of its workload, up to its limit; what is above
 * the limit is throttled.
 */
export class Loads {
  private readonly demands = new Map<string, { readonly demand: Demand; readonly from: number }>();
  private readonly serving = new Map<string, Serving>();
  private readonly counts = new Map<string, number>();
  /** From which moment on each pod worked how much, and was asked to, as far as somebody looked. */
  private readonly rates = new Map<string, Rate[]>();
  private settledAt: number | undefined;

  constructor(private readonly monotonic: () => number) {}

  /** Follows the log: which pods get requests. */
  readonly follower: EventChecker = {
    name: 'loads',
    check: ({ stream }, before, after) => {
      const { kind, namespace, name } = parseStream(stream);
      if (kind !== pods.id) return undefined;
      const [was, is] = [before.get(pods, namespace, name), after.get(pods, namespace, name)];
      if (was && was.metadata.uid !== is?.metadata.uid) this.place(was.metadata.uid, undefined);
      if (is) this.place(is.metadata.uid, servingOf(is));
      return undefined;
    },
  };

  set(workload: string, demand: Demand): void {
    this.demands.set(workload, { demand, from: this.monotonic() });
  }
  /** From now on every demand stays what it is at this moment. */
  settle(): void {
    for (const workload of this.demands.keys()) this.set(workload, { is: 'flat', milli: this.demand(workload) });
    this.settledAt = this.monotonic();
  }
  /** For how long all demands have been steady; 0 while they are not. */
  get settledMs(): number {
    return this.settledAt === undefined ? 0 : this.monotonic() - this.settledAt;
  }
  /** In thousandths of a processor. */
  demand(workload: string): number {
    const { demand, from } = this.demands.get(workload) ?? { demand: IDLE, from: 0 };
    return demandAfter(demand, this.monotonic() - from);
  }
  /** What one ready pod of a workload is asked to do, in thousandths of a processor, whatever its limit. */
  share(workload: string): number {
    return this.demand(workload) / Math.max(1, this.counts.get(workload) ?? 0);
  }

  isServing(pod: Pod): boolean {
    return this.serving.has(pod.metadata.uid);
  }
  /** In thousandths of a processor; undefined without one. */
  limitOf(podUid: string): number | undefined {
    return this.serving.get(podUid)?.limitMilli;
  }

  /** What a pod does now. Whoever reads its counters asks here, so this is what they grow by. */
  work(podUid: string): Work {
    const serving = this.serving.get(podUid);
    const limitMilli = serving?.limitMilli;
    const askedMilli = serving ? this.share(serving.workload) : 0;
    const workedMilli = Math.min(askedMilli, limitMilli ?? Infinity);
    const rates = this.rates.get(podUid) ?? [];
    this.rates.set(podUid, rates);
    const last = rates.at(-1);
    if (last?.worked !== workedMilli || last.asked !== askedMilli)
      rates.push({ from: this.monotonic(), worked: workedMilli, asked: askedMilli });
    return { askedMilli, workedMilli, limitMilli };
  }
  /**
   * Between which rates a pod worked in a span of the monotonic clock, or was asked to, in thousandths; undefined for one that was never
   * read.
   */
  rate(of: 'worked' | 'asked', podUid: string, { from, to }: { from: number; to: number }): Range | undefined {
    const rates = this.rates.get(podUid);
    if (!rates) return undefined;
    const first = Math.max(
      0,
      rates.findLastIndex((rate) => rate.from <= from),
    );
    // A counter that is read for the first time has counted from zero.
    const seen = rates.slice(first).filter((rate) => rate.from <= to);
    const all = seen.map((one) => one[of]);
    return { least: Math.min(...all, rates[first]?.[of] ?? 0), most: Math.max(0, ...all) };
  }

  private place(uid: string, serving: Serving | undefined): void {
    const was = this.serving.get(uid);
    if (was) this.counts.set(was.workload, (this.counts.get(was.workload) ?? 1) - 1);
    if (serving) this.counts.set(serving.workload, (this.counts.get(serving.workload) ?? 0) + 1);
    if (serving) this.serving.set(uid, serving);
    else this.serving.delete(uid);
  }
}

export function memoryAt(milli: number): number {
  return Math.round(MEMORY_BYTES + milli * MEMORY_BYTES_PER_MILLI);
}
/** A service sends requests to pods that are ready and stay. */
function servingOf(pod: Pod): Serving | undefined {
  if (pod.metadata.deletionTimestamp !== undefined || !isReady(pod)) return undefined;
  const limit = pod.spec.containers[0]?.resources?.limits?.['cpu'];
  return {
    workload: workloadOf(pod),
    limitMilli: limit === undefined ? undefined : quantityMilliValue(quantityOf(limit)),
  };
}
