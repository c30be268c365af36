import {
  aboutOf,
  admitSubresource,
  decidedChange,
  isRefusal,
  kindRef,
  plainVersion,
  problemText,
  readSubresource,
  refusals,
  warned,
  type Decided,
  type KubeObject,
  type Problem,
  type Request,
} from '#model';
import { listed } from '#pod';
import type { Pod } from '#pod';
import { toTime, type JsonObject } from '#std';
import { binding, type Binding } from '../../common-types/binding.schema.js';
import { lacks } from './node-room.js';

const nodes = kindRef<
  KubeObject & { readonly status?: { readonly allocatable?: { readonly [name: string]: string } } }
>('core.nodes');

/** POST of a Binding: the pod gets its node, once. */
export function decideBinding(request: Request): Decided {
  const spoken = plainVersion('Binding', '', 'v1', binding);
  const read = readSubresource(request, spoken);
  if (isRefusal(read)) return read;
  if (read.object.metadata.name !== request.command.name)
    return warned(refusals.badRequest('name in URL does not match name in Binding object'), read);
  const decide = (taken: KubeObject): Decided => decideAdmitted(request, taken as unknown as Binding);
  return warned(admitSubresource(request, spoken, { taken: read.object, decide }), read);
}

function decideAdmitted(request: Request, wish: Binding): Decided {
  const { command } = request;
  const problems = validateBinding(wish);
  if (problems.length > 0) {
    // What is wrong with it is told as it is found, not as a Status of its own.
    const texts = problems.map((problem) => `${problem.field}: ${problemText(problem)}`);
    const message = texts.length === 1 ? (texts[0] as string) : `[${texts.join(', ')}]`;
    return { refused: true, code: 500, reason: '', message };
  }
  const old = request.old as Pod | undefined;
  const about = aboutOf(request, command.name);
  if (old === undefined) return refusals.notFound(about);
  const why = whyNot(old, wish);
  if (why !== undefined) return refusals.conflict({ ...about, resource: 'pods/binding', group: '' }, why);
  const full = noRoom(request, old, wish);
  if (full !== undefined) return refusals.conflict({ ...about, resource: 'pods/binding', group: '' }, full);
  const decided = decidedChange(bound(request, wish), withNode(old, wish, request.now), old);
  const response: JsonObject = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
  return { ...decided, response };
}

function validateBinding(wish: Binding): readonly Problem[] {
  const { kind, name } = wish.target;
  const problems: Problem[] = [];
  if (kind && kind !== 'Node')
    problems.push({
      type: 'NotSupported',
      field: 'target.kind',
      value: kind,
      detail: '',
      supported: ['Node', '<empty>'],
    });
  if (!name) problems.push({ type: 'Required', field: 'target.name', detail: '' });
  return problems;
}

function whyNot(old: Pod, wish: Binding): string | undefined {
  const { uid } = wish.metadata;
  if (uid && uid !== old.metadata.uid) {
    return `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`;
  }
  if (old.metadata.deletionTimestamp !== undefined)
    return `pod ${old.metadata.name} is being deleted, cannot be assigned to a host`;
  if (old.spec.nodeName) return `pod ${old.metadata.name} is already assigned to node "${old.spec.nodeName}"`;
  const gates = old.spec.schedulingGates ?? [];
  return gates.length > 0 ? `pod ${old.metadata.name} has non-empty .spec.schedulingGates` : undefined;
}

/**
 * A scheduler decides on a view; here, at the newest state, the node must still have the room. People may bind what they
 * like, as with Kubernetes: then the node itself refuses the pod.
 */
function noRoom(request: Request, old: Pod, wish: Binding): string | undefined {
  const { command, view } = request;
  const name = wish.target.name ?? '';
  const node = command.basis && view.get(nodes, undefined, name);
  if (!node) return undefined;
  const missing = lacks(view, name, listed(node.status?.allocatable), old);
  return missing.length > 0 ? `node "${name}" has no room any more: ${missing.join(', ')}` : undefined;
}

/** The event is a `PodBound`, whoever binds. */
function bound(request: Request, wish: Binding): Request {
  const { command } = request;
  const event = command.event ?? { type: 'PodBound', facts: { node: wish.target.name ?? '' } };
  return { ...request, command: { ...command, event } };
}

function withNode(old: Pod, wish: Binding, now: number): KubeObject {
  const annotations = { ...old.metadata.annotations, ...wish.metadata.annotations };
  const labels = { ...old.metadata.labels, ...wish.metadata.labels };
  const others = old.status?.conditions?.filter((condition) => condition.type !== 'PodScheduled') ?? [];
  const scheduled = { lastProbeTime: null, lastTransitionTime: toTime(now), status: 'True', type: 'PodScheduled' };
  const { nominatedNodeName: _nominated, ...status } = old.status ?? {};
  return {
    ...old,
    metadata: {
      ...old.metadata,
      ...(Object.keys(annotations).length > 0 && { annotations }),
      ...(Object.keys(labels).length > 0 && { labels }),
    },
    spec: { ...old.spec, nodeName: wish.target.name },
    status: { ...status, conditions: [...others, scheduled] },
  };
}
