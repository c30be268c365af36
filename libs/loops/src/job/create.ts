import { jobs, pods as podsRef, type Job } from '#kinds';
import { controllerRef } from '#meta';
import { streamOf, type Decision, type KubeObject, type Submit } from '#model';
import type { Container, Pod } from '#pod';
import { parseInstant, uuidOf, type Instant } from '#std';
import {
  create,
  dueAfter,
  generatedName,
  generatedPrefix,
  incident,
  namePrefix,
  nextChildren,
  ON_ITS_WAY_MS,
  streamOfObject,
  wakeAtFirst,
  wasNever,
  type ChildName,
  type Manifest,
} from '../shared/index.js';
import { indexPausedUntil, pausedUntil } from './backoff.js';
import { judge } from './pod-failure-policy.js';
import {
  COMPLETION_INDEX,
  completionIndex,
  INDEX_FAILURES,
  INDEX_IGNORED_FAILURES,
  indexFailures,
  indexIgnoredFailures,
  TRACKING_FINALIZER,
} from './pod-marks.js';
import { awaitedPods, completionsOf, hasLimitPerIndex, isIndexed, type Look, type Tally } from './situation.js';
import { COMPONENT } from './status.js';

const CREATIONS_MAX = 500;
const INDEX_VARIABLE = 'JOB_COMPLETION_INDEX';

interface Wanted {
  readonly child: ChildName;
  readonly index?: number;
  /** The failed pod of the same index that it replaces. */
  readonly replaced?: Pod;
}

/** The pods that are missing. After refusals one is tried alone: a full quota would refuse hundreds one by one. */
export function createPods(look: Look, tally: Tally, missing: number): readonly Decision[] {
  const { view, job, now, refusals } = look;
  const refused = refusals.filter((refusal) => refusal.verb === 'create' && refusal.kind === podsRef.id);
  const paused = hasLimitPerIndex(job) ? undefined : pausedUntil(look);
  if (paused !== undefined) return wakeAtFirst([paused], now);
  const incidents = refused.slice(0, 1).flatMap(({ message }) =>
    incident(view, now, {
      ...{ about: job, type: 'Warning', reason: 'FailedCreate' },
      ...{ message: `Error creating: ${message}`, component: COMPONENT },
    }),
  );
  const count = Math.min(missing, refused.length > 0 ? 1 : CREATIONS_MAX);
  const { wanted, waits } = isIndexed(job) ? wantedIndexes(look, tally, count) : wantedPods(look, count);
  return [...incidents, ...wanted.map((one) => createPod(look, missing, one)), ...wakeAtFirst(waits, now)];
}

interface Plan {
  readonly wanted: readonly Wanted[];
  readonly waits: readonly Instant[];
}

/** Those that somebody who died may have sent before are waited for: their numbers are passed over, so nothing would refuse the others. */
function wantedPods(look: Look, count: number): Plan {
  const { names, ahead } = nextChildren(look.view, look.job, podsRef, count);
  const waits = ahead.map((pod) => overtakenUntil(pod, look)).filter((until) => until > look.now);
  const wanted = names.slice(0, Math.max(0, count - waits.length)).map((child) => ({ child }));
  return { wanted, waits };
}
/** Until when a pod with a lower number, decided before this one, may still arrive. */
function overtakenUntil(pod: KubeObject, look: Look): Instant {
  return dueAfter(parseInstant(pod.metadata.creationTimestamp) ?? look.now, ON_ITS_WAY_MS, look);
}

/**
 * The lowest indexes that have no pod. The name of a pod follows from its index and from how many pods of the index are known, so whoever
 * decides the same later, or somewhere else, is refused.
 */
function wantedIndexes(look: Look, tally: Tally, count: number): Plan {
  const { view, job, pods, now } = look;
  const { completed, failedIndexes, replaced } = tally;
  const leaving = new Set(awaitedPods(look).map(completionIndex));
  const wanted: Wanted[] = [];
  const waits: Instant[] = [];
  let number = view.childrenEver(job.metadata.uid);
  const end = completionsOf(job) ?? 0;
  const over = failedIndexes ? completed.union(failedIndexes) : completed;
  for (const index of over.gaps(end)) {
    if (wanted.length + waits.length >= count) break;
    if (pods.activeByIndex.has(index) || leaving.has(index)) continue;
    const before = replaced.get(index);
    const until = before && indexPausedUntil(before, look);
    if (until !== undefined && until > now) waits.push(until);
    else wanted.push({ child: nextOfIndex(look, index, number++), index, ...(before && { replaced: before }) });
  }
  return { wanted, waits };
}
function nextOfIndex({ view, job }: Look, index: number, number: number): ChildName {
  const { uid, namespace, name } = job.metadata;
  for (let attempt = 0; ; attempt++) {
    const known = generatedName(indexedBase(name, index), `${uid}/${index}/${attempt}`);
    if (wasNever(view.stream(streamOf(podsRef.id, namespace, known))))
      return { name: known, uid: uuidOf(`${uid}/${index}/${number}`) };
  }
}
/** The name of the job is cut, the index is not. */
function indexedBase(job: string, index: number): string {
  const suffix = `-${index}`;
  return generatedPrefix(job, namePrefix(suffix).length) + suffix;
}

function createPod({ view, job, now }: Look, missing: number, wanted: Wanted): Submit {
  const { child, index } = wanted;
  const which = index === undefined ? '' : `, one of index ${index} among them`;
  return create(podsRef, podOf(job, wanted), {
    because: `${job.metadata.name} lacks ${missing} pods${which}`,
    basedOn: [streamOfObject(jobs, job)],
    then: incident(view, now, {
      ...{ about: job, type: 'Normal', reason: 'SuccessfulCreate' },
      ...{ message: `Created pod: ${child.name}`, component: COMPONENT },
    }),
  });
}

function podOf(job: Job, wanted: Wanted): Manifest {
  const { template } = job.spec;
  const { labels, annotations, finalizers = [] } = template?.metadata ?? {};
  const { namespace, name } = job.metadata;
  const { child, index } = wanted;
  const marks = marksOf(job, wanted);
  const metadata = {
    name: child.name,
    uid: child.uid,
    generateName: namePrefix(index === undefined ? name : indexedBase(name, index)),
    ...(namespace !== undefined && { namespace }),
    labels: { ...labels, ...marks.labels },
    ...((annotations || marks.annotations) && { annotations: { ...annotations, ...marks.annotations } }),
    finalizers: [...finalizers.filter((one) => one !== TRACKING_FINALIZER), TRACKING_FINALIZER],
    ownerReferences: [controllerRef(job)],
  };
  const spec = template?.spec;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: index === undefined || !spec ? spec : indexed(job, spec, index),
  };
}

interface Marks {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}
function marksOf(job: Job, { index, replaced }: Wanted): Marks {
  if (index === undefined) return {};
  const own = { [COMPLETION_INDEX]: String(index) };
  if (!hasLimitPerIndex(job)) return { labels: own, annotations: own };
  const counts = replaced ? judge(job, replaced).counts : false;
  const failures = replaced ? indexFailures(replaced) + (counts ? 1 : 0) : 0;
  const ignored = replaced ? indexIgnoredFailures(replaced) + (counts ? 0 : 1) : 0;
  return {
    labels: own,
    annotations: {
      ...own,
      [INDEX_FAILURES]: String(failures),
      ...(ignored > 0 && { [INDEX_IGNORED_FAILURES]: String(ignored) }),
    },
  };
}

type PodSpec = NonNullable<NonNullable<Job['spec']['template']>['spec']>;
/** Containers are told their index, and the pod is reached under a name with it. */
function indexed(job: Job, spec: PodSpec, index: number): PodSpec {
  const { containers, initContainers } = spec;
  return {
    ...spec,
    hostname: `${job.metadata.name}-${index}`,
    containers: (containers ?? []).map(withIndex),
    ...(initContainers && { initContainers: initContainers.map(withIndex) }),
  };
}
function withIndex(container: Container): Container {
  const { env = [] } = container;
  if (env.some(({ name }) => name === INDEX_VARIABLE)) return container;
  const fieldPath = `metadata.labels['${COMPLETION_INDEX}']`;
  return {
    ...container,
    env: [...env, { name: INDEX_VARIABLE, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } }],
  };
}
