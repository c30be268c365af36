import type { Deployment, ReplicaSet } from '#kinds';
import { boundsOf } from './bounds.js';

export const REVISION = 'deployment.kubernetes.io/revision';
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
const HISTORY_LENGTH_MAX = 2000;

/** Annotations of a deployment that say something of itself only. */
const OWN = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
]);

export type Annotations = Readonly<Record<string, string>>;

/** What a set takes over from its deployment. What the deployment lost stays on the set. */
export function inherited(deployment: Deployment): Annotations {
  return Object.fromEntries(Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !OWN.has(key)));
}

/** The annotations by which a later change of the number of replicas is noticed and shared out. */
export function replicaAnnotations(deployment: Deployment): Annotations {
  const { wanted, most } = boundsOf(deployment);
  return { [DESIRED_REPLICAS]: String(wanted), [MAX_REPLICAS]: String(most) };
}
export function numberIn(set: ReplicaSet, annotation: string): number | undefined {
  const text = set.metadata.annotations?.[annotation];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Revisions are 64-bit numbers: more than a JavaScript number holds. */
export function revisionOf(object: Deployment | ReplicaSet): bigint {
  const text = object.metadata.annotations?.[REVISION];
  return text !== undefined && /^[+-]?\d+$/.test(text) ? BigInt(text) : 0n;
}
export function nextRevision(old: readonly ReplicaSet[]): bigint {
  return old.reduce((most, set) => (revisionOf(set) > most ? revisionOf(set) : most), 0n) + 1n;
}

/** The revision of a set that becomes the current one (again), with the ones it had before. */
export function revisionAnnotations(set: ReplicaSet, revision: bigint): Annotations {
  const had = set.metadata.annotations?.[REVISION];
  if (revisionOf(set) >= revision) return {};
  if (had === undefined) return { [REVISION]: String(revision) };
  const history = set.metadata.annotations?.[REVISION_HISTORY];
  let revisions = history ? [...history.split(','), had] : [had];
  while (revisions.length > 1 && revisions.join(',').length > HISTORY_LENGTH_MAX) revisions = revisions.slice(1);
  return { [REVISION]: String(revision), [REVISION_HISTORY]: revisions.join(',') };
}
