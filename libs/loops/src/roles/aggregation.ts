import { selectorMatches } from '#meta';
import { clusterRoles, type ClusterRole, type StoredPolicyRule } from '#kinds';
import type { Change, Decision, Loop, LoopCommand, View } from '#model';
import { jsonEquals, stableStringify, type Json } from '#std';
import { streamOfObject } from '../shared/index.js';

/**
 * Makes the rules of each ClusterRole with an aggregationRule the union of the rules of those that it selects, by name, each
 * rule once.
 */
export const clusterRoleAggregation: Loop = {
  name: 'clusterrole-aggregation',
  account: 'clusterrole-aggregation-controller',
  keysOf: (change, view) => (change.kind === clusterRoles.id ? concerned(change, view) : []),
  keysAtStart: (view) => aggregates(view).map(({ metadata }) => metadata.name),
  reconcile(view, key) {
    const role = view.get(clusterRoles, undefined, key);
    return role?.aggregationRule ? decide(view, role) : [];
  },
};

/** Views keep the list of a kind until an object of it changes. */
const known = new WeakMap<readonly ClusterRole[], readonly ClusterRole[]>();

function aggregates(view: View): readonly ClusterRole[] {
  const all = view.list(clusterRoles);
  const found = known.get(all) ?? all.filter(({ aggregationRule }) => aggregationRule !== undefined);
  known.set(all, found);
  return found;
}

/** The aggregates that selected the role before or select it now, and the role itself. */
function concerned({ before, after }: Change, view: View): readonly string[] {
  const sides = [before, after].flatMap((side) => (side ? [side as ClusterRole] : []));
  return aggregates(view)
    .filter((one) => sides.some((side) => side.metadata.name === one.metadata.name || selects(one, side)))
    .map(({ metadata }) => metadata.name);
}

function selects({ aggregationRule }: ClusterRole, { metadata }: ClusterRole): boolean {
  return (aggregationRule?.clusterRoleSelectors ?? []).some((selector) => selectorMatches(selector, metadata.labels));
}

function decide(view: View, role: ClusterRole): readonly Decision[] {
  const rules = union(view, role);
  if (jsonEquals((role.rules ?? []) as unknown as Json, rules as unknown as Json)) return [];
  const { name } = role.metadata;
  const command: LoopCommand = {
    verb: 'patch',
    kind: clusterRoles.id,
    name,
    apiVersion: role.apiVersion,
    patchType: 'apply',
    body: {
      apiVersion: role.apiVersion,
      kind: role.kind,
      metadata: { name },
      ...(rules.length > 0 && { rules: rules as unknown as Json }),
    },
    options: { fieldManager: 'clusterrole-aggregation-controller', force: true },
  };
  return [
    {
      is: 'submit',
      command,
      because: 'its rules are those of the ClusterRoles that it selects',
      basedOn: [streamOfObject(clusterRoles, role)],
    },
  ];
}

/** Selector by selector, in each the roles by name; a role is never part of itself. */
function union(view: View, role: ClusterRole): readonly StoredPolicyRule[] {
  const rules = new Map<string, StoredPolicyRule>();
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    for (const part of view.list(clusterRoles)) {
      if (part.metadata.name === role.metadata.name || !selectorMatches(selector, part.metadata.labels)) continue;
      for (const rule of part.rules ?? []) {
        const text = stableStringify(rule as unknown as Json);
        if (!rules.has(text)) rules.set(text, rule);
      }
    }
  }
  return [...rules.values()];
}
