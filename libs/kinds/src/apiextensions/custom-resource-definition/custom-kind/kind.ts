import { findCondition } from '#meta';
import {
  DEFINED_IN_LOG,
  refusals,
  scaleOf,
  standardKind,
  streamOf,
  type Kind,
  type KubeObject,
  type ObjectType,
  type ServedVersion,
  type StandardKind,
  type Strategy,
  type StrategyContext,
  type Subresource,
} from '#model';
import { jsonEquals, type Json, type JsonObject } from '#std';
import { scaleSubresource } from '../../../scale/scale.js';
import { ownersOnly } from '../../../status-metadata.js';
import {
  customResourceDefinitions,
  type CustomResourceDefinition,
  type DefinedVersion,
  type DefinitionNames,
} from '../schema.js';
import { applySchemaDefaults } from '../structural/default.js';
import { customType } from '../structural/custom-type.js';
import { prune } from '../structural/prune.js';
import { columnsOf } from './columns.js';
import { decideConverted } from './decide-converted.js';
import { fieldPath, valueAt } from './json-path.js';
import { schemaOf } from './version-schema.js';
import { spokenVersionOf, validateObject } from './validate.js';
import { WebhookConversion } from './webhook-conversion.js';

interface Made {
  readonly names: DefinitionNames;
  readonly kind: Kind | undefined;
  /** The kind while its definition is being deleted. */
  readonly ending: Kind | undefined;
}
const made = new WeakMap<CustomResourceDefinition['spec'], Made>();

/** The kind that a definition makes; undefined until its names are accepted. The same one while it says the same of it. */
export function definedKind(definition: CustomResourceDefinition): Kind | undefined {
  const { spec, status } = definition;
  const conditions = status?.conditions ?? [];
  const names = status?.acceptedNames;
  if (findCondition(conditions, 'Established')?.status !== 'True' || !names) return undefined;
  let known = made.get(spec);
  if (!known || !jsonEquals(known.names, names)) {
    const kind = kindOf(definition, names);
    made.set(spec, (known = { names, kind, ending: kind && withoutCreation(kind) }));
  }
  return findCondition(conditions, 'Terminating')?.status === 'True' ? known.ending : known.kind;
}

function kindOf(definition: CustomResourceDefinition, names: DefinitionNames): Kind | undefined {
  const { spec } = definition;
  const stored = spec.versions.find(({ storage }) => storage);
  if (!stored) return undefined;
  const { group } = spec;
  const types = new Map(spec.versions.map((version) => [version.name, typeOf(version, group, names.kind)]));
  const readStored = storedForm(stored, `${group}/${stored.name}`);
  const webhook = spec.conversion?.strategy === 'Webhook' ? new WebhookConversion(definition) : undefined;
  const forms = new Map(
    spec.versions.map((version): [string, Form] => [
      version.name,
      webhook ? (object) => webhook.form(object, version) : formOf(definition, version, readStored),
    ]),
  );
  const versions = new Map(
    spec.versions.map((version): [string, ServedVersion] => [
      version.name,
      {
        ...servedVersion(definition, version, forms.get(version.name)),
        schema: types.get(version.name) as ObjectType<unknown>,
        ...(webhook && { conversion: webhook.stored(version) }),
      },
    ]),
  );
  const scaled =
    stored.subresources?.scale ?? spec.versions.find(({ subresources }) => subresources?.scale)?.subresources?.scale;
  const given: StandardKind<KubeObject> = {
    names: {
      group,
      version: stored.name,
      kind: names.kind,
      plural: names.plural,
      ...(names.singular && { singular: names.singular }),
      ...(names.listKind && { listKind: names.listKind }),
      shortNames: names.shortNames ?? [],
      categories: names.categories ?? [],
      namespaced: spec.scope === 'Namespaced',
    },
    schema: types.get(stored.name) as ObjectType<unknown>,
    schemaVersion: DEFINED_IN_LOG,
    isCustom: true,
    definedIn: streamOf(customResourceDefinitions.id, undefined, definition.metadata.name),
    // In the order in which the genuine server names them.
    verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'],
    storedOnly: true,
    columns: columnsOf(stored.additionalPrinterColumns),
    subresources: allSubresources(definition, names.kind),
    ...(scaled && { scale: scalePaths(scaled) }),
    fieldSelectorError: 'label',
    served: spec.versions.filter(({ served }) => served).map(({ name }) => versions.get(name) as ServedVersion),
    strategy: strategyOf(definition, {
      // What is stored, as the client reads it.
      seen: (old, { command }) => forms.get(spokenVersionOf(definition, command)?.name ?? '')?.(old) ?? old,
      stored: (object) => ({ ...object, apiVersion: `${group}/${stored.name}` }),
    }),
  };
  if (!webhook) return standardKind(given);
  const decide = decideConverted({
    ...{ definition, webhook, versions },
    of: (inStored) => ({ ...given, strategy: strategyOf(definition, { seen: (old) => old, stored: inStored }) }),
    scaleOf: ({ subresources }) => subresources?.scale && scalePaths(subresources.scale),
  });
  return { ...standardKind(given), decide, ...(scaled && { scaleOf: (object) => shownScale(spec, object) }) };
}

function typeOf(version: DefinedVersion, group: string, kind: string): ObjectType<unknown> {
  return customType(schemaOf(version), { group, version: version.name, kind });
}

/** Its table is that of a custom kind. */
const customScale: Subresource = {
  ...scaleSubresource,
  columns: (scaleSubresource.columns ?? []).map((column) => {
    if (column.name === 'Name') return { ...column, format: 'name' };
    return column.name === 'Age' ? { ...column, type: 'date' } : column;
  }),
};

/** Subresources of one version. */
function subresourcesOf(version: DefinedVersion, kind: string): readonly Subresource[] {
  const { status, scale } = version.subresources ?? {};
  return [
    ...(status !== undefined ? [{ name: 'status', kind, verbs: ['get', 'patch', 'update'] } as const] : []),
    ...(scale ? [customScale] : []),
  ];
}
function allSubresources({ spec }: CustomResourceDefinition, kind: string): readonly Subresource[] {
  const all = spec.versions.flatMap((version) => subresourcesOf(version, kind));
  const byName = new Map(all.map((one) => [one.name, one]));
  if (spec.conversion?.strategy === 'Webhook' && byName.has(customScale.name))
    byName.set(customScale.name, { ...customScale, show: (object) => shownScale(spec, object) ?? {} });
  return [...byName.values()];
}
/** The scale of an object by the paths of its version. */
function shownScale({ group, versions }: CustomResourceDefinition['spec'], object: KubeObject): JsonObject | undefined {
  const version = versions.find(({ name }) => object.apiVersion === `${group}/${name}`);
  const scale = version?.subresources?.scale;
  return scale && scaleOf(object, scalePaths(scale));
}

/** An object as something reads it; the same one for the same object. */
type Form = (object: KubeObject) => KubeObject;

/** What is stored is read with the fields and defaults of the stored version. */
function storedForm(version: DefinedVersion, apiVersion: string): Form {
  const schema = schemaOf(version);
  return (object) => {
    const value = applySchemaDefaults(prune(object as unknown as Json, schema).value, schema) as unknown as KubeObject;
    return value.apiVersion === apiVersion ? value : { ...value, apiVersion };
  };
}
/** Another version has the fields of its own schema, and no defaults: these are for what is written. */
function formOf({ spec }: CustomResourceDefinition, version: DefinedVersion, readStored: Form): Form {
  const apiVersion = `${spec.group}/${version.name}`;
  const made = new WeakMap<KubeObject, KubeObject>();
  const read: Form = (object) => {
    if (version.storage) return readStored(object);
    const value = prune(readStored(object) as unknown as Json, schemaOf(version)).value as unknown as KubeObject;
    return value.apiVersion === apiVersion ? value : { ...value, apiVersion };
  };
  return (object) => {
    let known = made.get(object);
    if (known === undefined) made.set(object, (known = read(object)));
    return known;
  };
}

type ScalePlaces = NonNullable<NonNullable<DefinedVersion['subresources']>['scale']>;
function scalePaths(scale: ScalePlaces): NonNullable<StandardKind<KubeObject>['scale']> {
  const replicas = fieldPath(scale.specReplicasPath);
  const statusReplicas = fieldPath(scale.statusReplicasPath);
  const selector = scale.labelSelectorPath === undefined ? undefined : fieldPath(scale.labelSelectorPath);
  return {
    ...(replicas && { replicas }),
    ...(statusReplicas && { statusReplicas }),
    selector(object) {
      const text = selector && valueAt(object as unknown as Json, selector);
      return typeof text === 'string' ? text : '';
    },
  };
}

/** A version as it is served: another `apiVersion`, the fields of its own schema, its own subresources and columns. */
function servedVersion(
  { spec }: CustomResourceDefinition,
  version: DefinedVersion,
  form: Form = (object) => object,
): Omit<ServedVersion, 'schema'> {
  const { group, names, versions } = spec;
  const apiVersion = `${group}/${version.name}`;
  const stored = `${group}/${versions.find(({ storage }) => storage)?.name ?? ''}`;
  const fields = (version.selectableFields ?? []).flatMap(({ jsonPath }) => {
    const path = fieldPath(jsonPath);
    return path ? [{ field: path.join('.'), value: (object: KubeObject) => textAt(form(object), path) }] : [];
  });
  const warning = `${apiVersion} ${names.kind} is deprecated`;
  const successor = versions.find((other) => other.served && other.deprecated !== true);
  const instead = successor ? `${warning}; use ${group}/${successor.name} ${names.kind}` : warning;
  return {
    group,
    version: version.name,
    toServed: form,
    toStored: (object) => (object.apiVersion === stored ? object : { ...object, apiVersion: stored }),
    asWritten: (object) => (object.apiVersion === apiVersion ? object : { ...object, apiVersion }),
    fieldSelectors: fields,
    columns: columnsOf(version.additionalPrinterColumns).map((column) => ({
      ...column,
      cell: (object, now) => column.cell(form(object), now),
    })),
    subresources: subresourcesOf(version, names.kind).map(({ name }) => name),
    ...(version.deprecated === true && { deprecation: version.deprecationWarning ?? instead }),
  };
}
function textAt(object: KubeObject, path: readonly string[]): string {
  const value = valueAt(object as unknown as Json, path);
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value);
}

interface Forms {
  /** What an object was before a write, in the form of what is written: they are compared. */
  readonly seen: (old: KubeObject, context: Pick<StrategyContext, 'command'>) => KubeObject;
  /** What was written, in the version that is stored. */
  readonly stored: (object: KubeObject) => KubeObject;
}

function strategyOf(definition: CustomResourceDefinition, { seen, stored: inStored }: Forms): Strategy {
  const { group, names, scope } = definition.spec;
  const isNamespaced = scope === 'Namespaced';
  const storage = definition.spec.versions.find((version) => version.storage);
  const stored = storage && schemaOf(storage);
  return {
    ...(!isNamespaced && { prepareCreate: withoutNamespace, prepareUpdate: withoutNamespace }),
    unconditionalUpdate: false,
    registryPrefix: `${group}/${names.plural}`,
    generation: 'managed',
    generationGrows(object, old, context) {
      const hasStatus = spokenVersionOf(definition, context.command)?.subresources?.status !== undefined;
      return !jsonEquals(content(object, hasStatus), content(seen(old, context), hasStatus));
    },
    // Last of all, whatever part was written: what the stored version does not have is not kept, so that no later version shows it.
    allocate(object) {
      return stored ? (prune(inStored(object) as unknown as Json, stored).value as unknown as KubeObject) : object;
    },
    statusMetadata: ownersOnly,
    prepareStatus: (object, old) => withStatus({ ...old, metadata: object.metadata }, object['status']),
    validate: (object, context) => validateObject(definition, object, undefined, context),
    validateUpdate: (object, old, context) => validateObject(definition, object, seen(old, context), context),
    validateStatus: (object, old, context) => validateObject(definition, object, seen(old, context), context),
  };
}
/** An object with a status, or, where that was removed, without one. */
function withStatus(object: KubeObject, status: unknown): KubeObject {
  if (status !== undefined) return { ...object, status };
  const { status: _status, ...rest } = object;
  return rest as KubeObject;
}
function withoutNamespace(object: KubeObject): KubeObject {
  if (object.metadata.namespace === undefined) return object;
  const { namespace: _namespace, ...metadata } = object.metadata;
  return { ...object, metadata };
}
/** What the generation counts changes of. */
function content(object: KubeObject, hasStatus: boolean): unknown {
  const { metadata: _metadata, apiVersion: _apiVersion, status, ...rest } = object;
  return hasStatus ? rest : { ...rest, status };
}

function withoutCreation(kind: Kind): Kind {
  return {
    ...kind,
    decide(command, state, view, context) {
      if (command.verb !== 'create') return kind.decide(command, state, view, context);
      const { group, plural } = kind.names;
      const about = { group, resource: plural, kind: kind.names.kind, name: command.name };
      return refusals.forbidden(about, 'create not allowed while custom resource definition is terminating');
    },
  };
}
