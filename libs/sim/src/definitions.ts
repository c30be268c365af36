import { customResourceDefinitionKind } from '#kinds';
import type { KindId } from '#model';
import type { JsonObject, Prng } from '#std';
import type { Wish } from './wishes.js';

const GROUP = 'sim.example.com';
/** What people define. `vessels` wants a short name that `boats` wants too, `fleets` have no namespace. */
const DEFINED = [
  { plural: 'boats', kind: 'Boat', shortNames: ['bt'], scope: 'Namespaced' },
  { plural: 'fleets', kind: 'Fleet', shortNames: ['fl'], scope: 'Cluster' },
  { plural: 'vessels', kind: 'Vessel', shortNames: ['bt'], scope: 'Namespaced' },
] as const;
export type Defined = (typeof DEFINED)[number];

export const CUSTOM_KINDS: readonly KindId[] = DEFINED.map(({ plural }) => `${GROUP}.${plural}`);
/** Versions that definitions have; not all of them serve both. */
export const CUSTOM_VERSIONS = [`${GROUP}/v1`, `${GROUP}/v2`];
export const HOLD = `${GROUP}/hold`;

export function someDefined(chance: Prng): Defined {
  return chance.pick(DEFINED);
}
export function idOf({ plural }: Defined): KindId {
  return `${GROUP}.${plural}`;
}
export function definitionName({ plural }: Defined): string {
  return `${plural}.${GROUP}`;
}

/** A definition of a kind. Its editions differ in what they serve, store, default, prune, bound and show. */
export function definition(defined: Defined, chance: Prng): Wish {
  const { plural, kind, shortNames, scope } = defined;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: customResourceDefinitionKind.names.kind,
    metadata: { name: definitionName(defined) },
    spec: { group: GROUP, scope, names: { plural, kind, shortNames: [...shortNames] }, versions: versions(chance) },
  };
}

/** Storage goes to `v2` and back: what is stored is read by either. */
export function versions(chance: Prng): readonly JsonObject[] {
  const stored = chance.pick(['v1', 'v2']);
  return ['v1', 'v2'].map((name) => ({
    name,
    storage: name === stored,
    served: name === stored || chance.chance(0.7),
    schema: { openAPIV3Schema: schema(name, chance) },
    subresources: { status: {} },
    ...(chance.chance(0.2) && { deprecated: true }),
    additionalPrinterColumns: [
      { name: chance.pick(['Size', 'Tons']), type: 'integer', jsonPath: '.spec.size' },
      ...(chance.chance(0.5) ? [{ name: 'State', type: 'string', jsonPath: '.status.state' }] : []),
    ],
    ...(chance.chance(0.5) && { selectableFields: [{ jsonPath: '.spec.name' }] }),
  }));
}

function schema(version: string, chance: Prng): JsonObject {
  const rule = { rule: 'self.size >= 0', message: 'a size is not negative' };
  const properties = {
    name: { type: 'string' },
    size: { type: 'integer', default: chance.below(5), maximum: 20 + chance.below(3) * 20 },
    // Pruned where the other version or edition does not know it.
    ...((version === 'v1' || chance.chance(0.5)) && { colour: { type: 'string' } }),
  };
  return {
    type: 'object',
    // Never the same as that of the other version: fields to select by could not be told apart then.
    description: version,
    properties: {
      spec: { type: 'object', properties, 'x-kubernetes-validations': [rule] },
      status: { type: 'object', properties: { state: { type: 'string' } } },
    },
  };
}

/** An object of a kind, with fields that its version may not have and without some that have defaults. */
export function customObject({ kind }: Defined, name: string, apiVersion: string, chance: Prng): Wish {
  return {
    apiVersion,
    kind,
    metadata: { name, ...(chance.chance(0.15) && { finalizers: [HOLD] }) },
    spec: customSpec(chance),
  };
}
export function customSpec(chance: Prng): JsonObject {
  return {
    name: chance.pick(['anna', 'berta']),
    ...(chance.chance(0.5) && { size: chance.below(50) }),
    ...(chance.chance(0.5) && { colour: chance.pick(['red', 'green']) }),
    ...(chance.chance(0.2) && { unknown: true }),
  };
}
