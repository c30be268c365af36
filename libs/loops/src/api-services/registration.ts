import {
  AGGREGATOR_GROUP,
  apiServices,
  CUSTOM_PRIORITY,
  customResourceDefinitions,
  localPriority,
  type ApiPriority,
  type ApiService,
  type CustomResourceDefinition,
} from '#kinds';
import type { Decision, KindRegistry, Loop, ObjectIndex, View } from '#model';
import { create, mergeDiff, patch, remove, sides, streamOfObject } from '../shared/index.js';

/** Label of the APIServices that this loop maintains; its value says when: {@link ALWAYS} or {@link AT_START}. */
const AUTOMANAGED = 'kube-aggregator.kubernetes.io/automanaged';
const ALWAYS = 'true';
const AT_START = 'onstart';

/** Definitions by the names of the APIServices of their served versions, `v1.example.com`. */
const definitionsByVersion: ObjectIndex<CustomResourceDefinition> = {
  name: 'definitions by APIService',
  kind: customResourceDefinitions,
  values: versionNames,
  part: ({ spec }) => spec,
};

/**
 * Registers the group versions that this server has itself as local APIServices. Those of built-in kinds are created and corrected
 * at each start; between starts they belong to the users. Those of CustomResourceDefinitions follow the definitions at
 * any time. Keys are names of APIServices.
 */
export function apiServiceRegistration(kinds: KindRegistry): Loop {
  const builtIn = builtInSpecs(kinds);
  return {
    name: 'api-service-registration',
    account: 'system:apiserver',
    indexes: [definitionsByVersion],
    keysOf(change) {
      if (change.kind === customResourceDefinitions.id)
        return [...new Set(sides(change).flatMap((side) => versionNames(side as CustomResourceDefinition)))];
      if (change.kind !== apiServices.id) return [];
      return sides(change).flatMap(({ metadata }) =>
        metadata.labels?.[AUTOMANAGED] === ALWAYS ? [metadata.name] : [],
      );
    },
    keysAtStart(view) {
      const custom = view.list(customResourceDefinitions).flatMap(versionNames);
      const known = view.list(apiServices).map(({ metadata }) => metadata.name);
      return [...new Set([...builtIn.keys(), ...custom, ...known])];
    },
    reconcile: (view, key) => decide(view, key, builtIn.get(key)),
  };
}

interface Wanted {
  readonly spec: ApiService['spec'];
  readonly label: typeof ALWAYS | typeof AT_START;
}

function decide(view: View, name: string, builtIn: ApiService['spec'] | undefined): readonly Decision[] {
  const known = view.get(apiServices, undefined, name);
  const wanted: Wanted | undefined = builtIn ? { spec: builtIn, label: AT_START } : customSpec(view, name);
  if (!known) return wanted ? [register(name, wanted)] : [];
  const label = known.metadata.labels?.[AUTOMANAGED];
  // Registered by a user, or for another server: it stays as it is.
  if (label !== ALWAYS && label !== AT_START) return [];
  const basedOn = [streamOfObject(apiServices, known)];
  if (!wanted) return [remove(apiServices, known, { because: 'nothing serves this group version any more', basedOn })];
  const spec = mergeDiff(known.spec, wanted.spec);
  if (!spec && label === wanted.label) return [];
  const metadata = { labels: { [AUTOMANAGED]: wanted.label } };
  const body = { metadata, ...(spec && { spec }) };
  return [patch(apiServices, known, body, { because: 'this server has the group version', basedOn })];
}

function register(name: string, { spec, label }: Wanted): Decision {
  return create(
    apiServices,
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name, labels: { [AUTOMANAGED]: label } },
      spec,
    },
    { because: 'this server has the group version' },
  );
}

function customSpec(view: View, name: string): Wanted | undefined {
  const [definition] = view.by(definitionsByVersion, name);
  if (!definition) return undefined;
  const { group } = definition.spec;
  const version = name.slice(0, -group.length - 1);
  return { spec: specOf(group, version, CUSTOM_PRIORITY), label: ALWAYS };
}
function versionNames({ spec }: CustomResourceDefinition): readonly string[] {
  return spec.versions.filter(({ served }) => served).map(({ name }) => `${name}.${spec.group}`);
}

function builtInSpecs(kinds: KindRegistry): ReadonlyMap<string, ApiService['spec']> {
  const specs = new Map<string, ApiService['spec']>();
  for (const { names, served, storedOnly } of kinds.all)
    for (const { group, version } of [...(storedOnly ? [] : [names]), ...served])
      if (group !== AGGREGATOR_GROUP)
        specs.set(`${version}.${group}`, specOf(group, version, localPriority(group, version)));
  return specs;
}

function specOf(group: string, version: string, priority: ApiPriority): ApiService['spec'] {
  return {
    ...(group !== '' && { group }),
    version,
    groupPriorityMinimum: priority.group,
    versionPriority: priority.version,
  };
}
