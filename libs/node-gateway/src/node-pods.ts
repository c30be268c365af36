import type { ReadModel } from '#engine';
import type { Command, KubeObject, PodReport, View } from '#model';
import { kindRef } from '#model';
import { isTerminal, type Pod, type PodStatus } from '#pod';
import { Fault, type JsonObject } from '#std';
import { nodeOf } from './pod-tokens.js';

const pods = kindRef('core.pods');
/** How long an agent's message waits for a view of the log that has everything. */
export const FRESH_MS = 3000;

/** A pod as an agent names it. */
interface NamedPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** The pod, undefined when the view has it on another node, with another uid, or not at all. */
export function podOn(view: View, node: string, { namespace, name, uid }: NamedPod): KubeObject | undefined {
  const pod = view.get(pods, namespace, name);
  return pod?.metadata.uid === uid && nodeOf(pod) === node ? pod : undefined;
}

/**
 * Whether a report says of a pod that has ended that it has not. It was sent before: to a process of the health app that stood still
 * or that knows nothing of the reports that another one took. Whoever counts on an end has given away the pod's room.
 */
export function isOlderThanItsEnd(pod: KubeObject, { status, finished }: PodReport): boolean {
  const isEnd = finished === true || isTerminal((status as PodStatus).phase);
  return !isEnd && isTerminal((pod as Pod).status?.phase);
}
/** What a node reports, with the end that its pod has already: an end never becomes another one. */
export function withEndKept(pod: KubeObject, reported: JsonObject): JsonObject {
  const phase = (pod as Pod).status?.phase;
  return phase !== undefined && isTerminal(phase) ? { ...reported, phase } : reported;
}

/**
 * Waits until the view has everything, if it does not have the pod on the node. The agent may have heard of the pod from
 * another process of the health app, whose view is further: only a view with everything shows that a pod is gone.
 * @throws Fault, retryable, when the view does not catch up in time.
 */
export async function catchUpOn(reads: ReadModel, node: string, named: NamedPod): Promise<void> {
  if (!podOn(reads.projection, node, named)) await catchUp(reads);
}

/** @throws Fault, retryable, when the view does not catch up in time. */
export async function catchUp(reads: ReadModel): Promise<void> {
  if (!(await reads.fresh(FRESH_MS))) throw new Fault('the health app has not caught up with the event log', true);
}

/** The assignment that an agent acted on, as the cause of what it reports. No agent has seen a later one than there is. */
export function causesOf(
  { assigned = 0 }: PodReport,
  { projection }: Pick<ReadModel, 'projection'>,
): Pick<Command, 'causes'> {
  return assigned > 0 && assigned <= projection.position ? { causes: [assigned] } : {};
}
