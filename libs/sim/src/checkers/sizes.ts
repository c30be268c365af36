import { horizontalPodAutoscalers, pods, type HorizontalPodAutoscaler } from '#kinds';
import { MEASUREMENTS, parseStream, type KubeObject, type LoopBasis, type StoredEvent } from '#model';
import { jsonEquals, parseInstant } from '#std';
import type { Pod } from '#pod';
import { memoryAt, workloadOf, type Loads } from '../load/loads.js';
import { sizeOf, TARGETS } from '../load/targets.js';
import type { EventChecker } from './checker.js';
import { proposalRange, recordedOf, type Figures } from './proposals.js';

const LOOP = 'horizontal-pod-autoscaler';
const WINDOW_MS = 300_000;
/** Figures are as old as this at most when they count, and so much of a moment is not known. */
const AGE_MS = 60_000;
/** After so long of steady load every window, policy and rollout is over. */
const STEADY_MS = 15 * 60_000;

export interface SizesParts {
  readonly loads: Loads;
  /** The moment on the clock that nobody sets at which the wall clock showed this time. */
  readonly momentOf: (time: string) => number;
  /** Whether somebody has set the wall clock. */
  readonly isSet: () => boolean;
}

/** One change of a size by an autoscaler, with what it was decided from. */
interface Rescale {
  readonly event: StoredEvent;
  readonly basis: LoopBasis;
  readonly from: number;
  readonly to: number;
  readonly autoscaler: HorizontalPodAutoscaler;
  readonly min: number;
  readonly max: number;
  readonly pods: readonly Pod[];
}

/**
 * Autoscalers keep their bounds, scale down only by figures and scale up no further than these ask, by figures that can be
 * true, not before their window is over, not again before the last change can show, and not for ever under a steady load. All of it
 * holds for the autoscaler and not for a scaler: of several at once the next one knows what the last one did.
 */
export function sizesAreSound(parts: SizesParts): EventChecker {
  const autoscalers = new Versions<HorizontalPodAutoscaler>();
  const running = new Versions<Pod>();
  const ups = new Ups(parts);
  const rests = new Rests(parts);
  return {
    name: 'sizes follow the load',
    check(event, before, after) {
      const { kind, namespace, name } = parseStream(event.stream);
      if (kind === pods.id) {
        const pod = after.get(pods, namespace, name) ?? before.get(pods, namespace, name);
        if (pod) running.note(workloadOf(pod), name, { at: event.position, object: after.get(pods, namespace, name) });
        return undefined;
      }
      if (kind === horizontalPodAutoscalers.id) {
        const object = after.get(horizontalPodAutoscalers, namespace, name);
        const was = before.get(horizontalPodAutoscalers, namespace, name);
        if (object && !jsonEquals(was?.spec, object.spec)) ups.forget(object.metadata.uid);
        autoscalers.note(namespace ?? '', name, { at: event.position, object });
        return undefined;
      }
      const { basis } = event.metadata;
      if (basis?.loop !== LOOP || !TARGETS.has(kind)) return undefined;
      const [from, to] = [before, after].map((view) => sizeOf(view.get({ id: kind }, namespace, name)));
      const [place = '', key = ''] = basis.key.split('/');
      const autoscaler = autoscalers.at(place, key, basis.view);
      if (!autoscaler || from === undefined || to === undefined || from === to) return undefined;
      const { minReplicas: min = 1, maxReplicas: max } = autoscaler.spec;
      const pod = running.allAt(`${namespace}/${name}`, basis.view);
      const rescale: Rescale = { event, basis, from, to, autoscaler, min, max, pods: pod };
      const wrong =
        outOfBounds(rescale) ??
        (from > max || from < min ? undefined : byFigures(rescale, parts)) ??
        ups.tooEarly(rescale) ??
        rests.tooSoon(rescale);
      ups.note(rescale);
      rests.note(rescale);
      return wrong === undefined ? undefined : `${basis.key} scaled ${name} from ${from} to ${to}: ${wrong}`;
    },
  };
}

function outOfBounds({ to, min, max }: Rescale): string | undefined {
  return to < min || to > max ? `its bounds are ${min} and ${max}` : undefined;
}

function byFigures(rescale: Rescale, { loads, momentOf, isSet }: SizesParts): string | undefined {
  const { autoscaler, basis, from, to, max } = rescale;
  if (loads.settledMs > STEADY_MS) return 'the load is steady';
  const recorded = recordedOf(autoscaler, basis.facts?.[MEASUREMENTS]);
  const specs = autoscaler.spec.metrics ?? [];
  const isDown = to < from;
  let most: number | undefined = 0;
  for (const [i, metric] of specs.entries()) {
    const known = recorded[i];
    if (!known) {
      if (isDown) return `nothing was known of metric ${i + 1} of ${specs.length}`;
      continue;
    }
    // Adapters may say what they like.
    if (!('value' in known) && !metric.pods) {
      const isMemory = metric.resource?.name === 'memory';
      const span = isSet() ? undefined : momentOf(basis.now);
      const wrong = untrue(known.pods, rescale.pods, { loads, isMemory, span });
      if (wrong !== undefined) return wrong;
    }
    const range = proposalRange(metric, known, rescale);
    if (isDown && range && to < Math.min(range.least, max)) return `metric ${i + 1} asks for ${range.least} at least`;
    most = range && most !== undefined ? Math.max(most, range.most) : undefined;
  }
  // Without a behavior the highest recommendation of the last minutes counts.
  if (!isDown && autoscaler.spec.behavior && most !== undefined && to > most)
    return `its metrics ask for ${most} at most`;
  return undefined;
}

/** The size that its metrics asked for at least: what is more of a new size was recommended earlier, and its window goes on from then. */
function askedAtLeast(rescale: Rescale): number {
  const { autoscaler, basis } = rescale;
  const recorded = recordedOf(autoscaler, basis.facts?.[MEASUREMENTS]);
  const asked = (autoscaler.spec.metrics ?? []).map((metric, i) => {
    const known = recorded[i];
    return (known && proposalRange(metric, known, rescale)?.leastUp) ?? 0;
  });
  return Math.max(0, ...asked);
}

interface Truth {
  readonly loads: Loads;
  readonly isMemory: boolean;
  /** The moment of the look; undefined where the wall clock was set. */
  readonly span: number | undefined;
}
/** A figure that the load of its pod never was. */
function untrue(figures: Figures, all: readonly Pod[], { loads, isMemory, span }: Truth): string | undefined {
  const uids = new Map(all.map(({ metadata }) => [metadata.name, metadata.uid]));
  for (const [pod, [milli, at, windowMs, demand = milli]] of figures) {
    const uid = uids.get(pod);
    if (uid === undefined) continue;
    const since = span === undefined ? 0 : span - AGE_MS - windowMs;
    const times = { from: since, to: span === undefined ? Infinity : span + AGE_MS };
    const worked = loads.rate('worked', uid, times);
    if (!worked) return `${pod} has a figure of ${milli} and was never measured (at ${at})`;
    const [least, most] = [worked.least, worked.most].map((rate) => (isMemory ? memoryAt(rate) * 1000 : rate));
    if (milli > (most ?? 0) * 1.02 + 2 || milli < (least ?? 0) * 0.98 - 2)
      return `${pod} has a figure of ${milli}, its load was between ${least} and ${most}`;
    const asked = loads.rate('asked', uid, times)?.most ?? 0;
    if (!isMemory && demand > asked * 1.02 + 2)
      return `${pod} has a demand of ${demand}, it was asked for ${asked} at most`;
  }
  return undefined;
}

interface Up {
  readonly to: number;
  readonly moment: number;
  readonly wall: number;
}
/** When autoscalers scaled up by their metrics: within the window of scaling down they may not go below that. */
class Ups {
  private readonly byUid = new Map<string, Up[]>();

  constructor(private readonly parts: SizesParts) {}

  forget(uid: string): void {
    this.byUid.delete(uid);
  }
  note(rescale: Rescale): void {
    const { autoscaler, basis, from, to, min, max } = rescale;
    if (to <= from || from < min || from > max || askedAtLeast(rescale) < to) return;
    const { uid } = autoscaler.metadata;
    const list = this.byUid.get(uid) ?? [];
    this.byUid.set(uid, list);
    list.push({ to, moment: this.parts.momentOf(basis.now), wall: parseInstant(basis.now) ?? 0 });
  }
  tooEarly({ autoscaler, basis, from, to, max }: Rescale): string | undefined {
    if (to >= from || from > max) return undefined;
    const seconds = autoscaler.spec.behavior?.scaleDown?.stabilizationWindowSeconds;
    const windowMs = seconds === undefined ? WINDOW_MS : seconds * 1000;
    const moment = this.parts.momentOf(basis.now);
    const wall = parseInstant(basis.now) ?? 0;
    const early = this.byUid
      .get(autoscaler.metadata.uid)
      ?.find((up) => up.to > to && moment - up.moment < windowMs && Math.abs(wall - up.wall) < windowMs);
    return (
      early &&
      `${(moment - early.moment) / 1000} s after it scaled up to ${early.to}, its window is ${windowMs / 1000} s`
    );
  }
}

/** When each autoscaler last changed a size. Times of such changes are kept in whole seconds. */
class Rests {
  private readonly byUid = new Map<string, Pick<Rescale, 'from' | 'to'> & { readonly moment: number }>();

  constructor(private readonly parts: SizesParts) {}

  note({ autoscaler, basis, from, to }: Rescale): void {
    this.byUid.set(autoscaler.metadata.uid, { from, to, moment: this.parts.momentOf(basis.now) });
  }
  tooSoon({ autoscaler, basis }: Rescale): string | undefined {
    const last = this.byUid.get(autoscaler.metadata.uid);
    if (!last || this.parts.isSet()) return undefined;
    const ms = this.parts.momentOf(basis.now) - last.moment;
    return ms < REST_MS ? `${ms / 1000} s after it scaled from ${last.from} to ${last.to}` : undefined;
  }
}
const REST_MS = 14_000;

/** What objects were at each position. */
class Versions<T extends KubeObject> {
  private readonly groups = new Map<string, Map<string, { readonly at: number; readonly object: T | undefined }[]>>();

  note(group: string, name: string, version: { readonly at: number; readonly object: T | undefined }): void {
    const names =
      this.groups.get(group) ?? new Map<string, { readonly at: number; readonly object: T | undefined }[]>();
    this.groups.set(group, names);
    const list = names.get(name) ?? [];
    names.set(name, list);
    list.push(version);
  }
  at(group: string, name: string, position: number): T | undefined {
    return this.groups
      .get(group)
      ?.get(name)
      ?.findLast(({ at }) => at <= position)?.object;
  }
  allAt(group: string, position: number): readonly T[] {
    const names = [...(this.groups.get(group)?.keys() ?? [])];
    return names.map((name) => this.at(group, name, position)).filter((object) => object !== undefined);
  }
}
