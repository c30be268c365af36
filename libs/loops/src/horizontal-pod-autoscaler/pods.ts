import { parseLabelSelector, parseRequirements, quantityMilliValue, quantityOf } from '#meta';
import type { PodFigure, View } from '#model';
import { conditionOf, isReady, type Pod } from '#pod';
import { parseInstant } from '#std';
import { elapsedSince, podsWith, type Moment } from '../shared/index.js';

/** Until when a pod's usage of cpu may be that of its start. */
export const CPU_INITIALIZATION_MS = 300_000;
/** A pod that becomes unready for the first time within this time of its start counts as never ready. */
export const INITIAL_READINESS_MS = 30_000;

/** Pods of a namespace that a selector in words matches. */
export function podsMatching(view: View, namespace: string, selector: string): readonly Pod[] {
  const requirements = parseRequirements(selector);
  const matcher = parseLabelSelector(selector);
  if (!requirements.ok || !matcher.ok) return [];
  // Labels that must have one value find the pods by an index.
  const labels = requirements.value.flatMap(({ key, operator, values: [value, ...others] }) =>
    ONE_VALUE.has(operator) && value !== undefined && others.length === 0 ? [[key, value] as const] : [],
  );
  return podsWith(view, namespace, Object.fromEntries(labels)).filter(({ metadata }) =>
    matcher.value.matches(metadata.labels),
  );
}
const ONE_VALUE = new Set(['=', '==', 'in']);

/** Pods by what their figures are worth. */
export interface PodGroups {
  readonly ready: number;
  /** They have no load of their own yet, or none to speak of. */
  readonly unready: readonly string[];
  readonly missing: readonly string[];
  /** On their way out, or failed. */
  readonly ignored: readonly string[];
}
export function groupPods(
  pods: readonly Pod[],
  figures: ReadonlyMap<string, PodFigure>,
  { isCpu, moment }: { readonly isCpu: boolean; readonly moment: Moment },
): PodGroups {
  const groups = { ready: 0, unready: [] as string[], missing: [] as string[], ignored: [] as string[] };
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata;
    const phase = pod.status?.phase;
    const figure = figures.get(name);
    if (deletionTimestamp !== undefined || phase === 'Failed') groups.ignored.push(name);
    else if (phase === 'Pending') groups.unready.push(name);
    else if (figure === undefined) groups.missing.push(name);
    else if (isCpu && !isUsual(pod, figure, moment)) groups.unready.push(name);
    else groups.ready++;
  }
  return groups;
}

/** Whether the usage of cpu is that of a pod at work, not of one that starts. */
function isUsual(pod: Pod, [, at, windowMs]: PodFigure, moment: Moment): boolean {
  const ready = conditionOf(pod, 'Ready');
  const started = parseInstant(pod.status?.startTime);
  if (!ready || started === undefined) return false;
  const changed = parseInstant(ready.lastTransitionTime) ?? -Infinity;
  const isYoung = elapsedSince(started, moment.now, moment.outside) < CPU_INITIALIZATION_MS;
  // A young pod's figure counts once its whole interval lies after the pod became ready.
  if (isYoung) return ready.status !== 'False' && at >= changed + windowMs;
  const neverReady = ready.status === 'False' && started + INITIAL_READINESS_MS > changed;
  return !neverReady;
}

export function readyCount(pods: readonly Pod[]): number {
  return pods.filter((pod) => pod.status?.phase === 'Running' && isReady(pod)).length;
}

/** What each pod asks for of a resource, in thousandths; a sentence about the first one that does not say. */
export function requestsOf(
  pods: readonly Pod[],
  resource: string,
  container: string | undefined,
): ReadonlyMap<string, bigint> | string {
  const requests = new Map<string, bigint>();
  for (const pod of pods) {
    const request = requestOf(pod, resource, container);
    if (typeof request === 'string') return request;
    requests.set(pod.metadata.name, request);
  }
  return requests;
}
interface Asking {
  readonly name: string;
  readonly restartPolicy?: string;
  readonly resources?: { readonly requests?: { readonly [name: string]: string } };
}
function requestOf(pod: Pod, resource: string, container: string | undefined): bigint | string {
  const whole = container === undefined ? pod.spec.resources?.requests : undefined;
  if (whole && Object.hasOwn(whole, resource)) return milli(whole[resource]);
  const sidecars = ((pod.spec.initContainers ?? []) as readonly Asking[]).filter(
    ({ restartPolicy }) => restartPolicy === 'Always',
  );
  let sum = 0n;
  for (const { name, resources } of [...pod.spec.containers, ...sidecars] as readonly Asking[]) {
    if (container !== undefined && name !== container) continue;
    const requests = resources?.requests ?? {};
    if (!Object.hasOwn(requests, resource))
      return `missing request for ${resource} in container ${name} of Pod ${pod.metadata.name}`;
    sum += milli(requests[resource]);
  }
  return sum;
}
function milli(text: string | undefined): bigint {
  return BigInt(quantityMilliValue(quantityOf(text)));
}
