import { classOfIngress, ingressClasses, ingresses, nodes, type Ingress, type IngressClass, type Node } from '#kinds';
import { findCondition } from '#meta';
import {
  INGRESS_CONTROLLER,
  servesIngress,
  type Change,
  type Decision,
  type Loop,
  type ObjectIndex,
  type View,
} from '#model';
import { hash128, jsonEquals } from '#std';
import { keyOf, parseKey, reportStatus } from '../shared/index.js';

/** Ingresses by the class that they name. */
const ingressesByClass: ObjectIndex<Ingress> = {
  name: 'ingresses by class',
  kind: ingresses,
  values: (ingress) => [classOfIngress(ingress) ?? ''].filter((name) => name !== ''),
};
/** So many nodes are named. */
const ADDRESSES_MAX = 32;
const PARTS = 256;
/** Nodes that take requests, in so many parts, by their names: a status names the first ones, without a look at all nodes. */
const servingNodes: ObjectIndex<Node> = {
  name: 'nodes that serve ingresses',
  kind: nodes,
  values: (node) => (addressOf(node as Node) === undefined ? [] : [hash128(node.metadata?.name ?? '').slice(0, 2)]),
};

/** Says in the status of each ingress that agents serve at which nodes it is reached. */
export const ingressStatus: Loop = {
  name: 'ingress-status',
  account: 'ingress-controller',
  indexes: [ingressesByClass, servingNodes],
  keysOf(change, view) {
    if (change.kind === ingresses.id) return change.after ? [keyOf(change.after)] : [];
    if (change.kind === ingressClasses.id) {
      const { name = '' } = (change.after ?? change.before)?.metadata ?? {};
      return view.by(ingressesByClass, name).map(keyOf);
    }
    return change.kind === nodes.id && isMoved(change) ? served(view) : [];
  },
  keysAtStart: served,
  reconcile(view, key): readonly Decision[] {
    const { namespace, name } = parseKey(key);
    const ingress = view.get(ingresses, namespace, name);
    if (!ingress || !isOurs(view, ingress)) return [];
    const loadBalancer = { ingress: addresses(view).map((ip) => ({ ip })) };
    return reportStatus(ingresses, ingress, { loadBalancer }, { because: 'these nodes serve it' });
  },
};

function served(view: View): readonly string[] {
  const own = view.list(ingressClasses).filter(isOwnClass);
  return own.flatMap(({ metadata }) => view.by(ingressesByClass, metadata.name).map(keyOf));
}
function isOwnClass({ spec }: IngressClass): boolean {
  return spec.controller === INGRESS_CONTROLLER;
}
function isOurs(view: View, ingress: Ingress): boolean {
  const found = view.get(ingressClasses, undefined, classOfIngress(ingress) ?? '');
  return found !== undefined && isOwnClass(found);
}

function isMoved({ before, after }: Change): boolean {
  const [was, is] = [before, after].map((node) => (node ? (addressOf(node as Node) ?? null) : null));
  return !jsonEquals(was ?? null, is ?? null);
}
function addresses(view: View): readonly string[] {
  const found = new Set<string>();
  for (let part = 0; part < PARTS && found.size < ADDRESSES_MAX; part++)
    for (const node of view.by(servingNodes, part.toString(16).padStart(2, '0'))) found.add(addressOf(node) ?? '');
  return [...found].sort().slice(0, ADDRESSES_MAX);
}
/** Where requests from outside reach a node that takes them: its external address, or its internal one. */
function addressOf({ metadata, status }: Node): string | undefined {
  const isReady = findCondition(status?.conditions, 'Ready')?.status === 'True';
  if (!isReady || !servesIngress(metadata.labels)) return undefined;
  const of = (wanted: string): string | undefined => status?.addresses?.find(({ type }) => type === wanted)?.address;
  return of('ExternalIP') ?? of('InternalIP');
}
