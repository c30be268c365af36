import { findCondition } from '#meta';
import {
  DEFINED_IN_LOG,
  refusals,
  standardKind,
  type Kind,
  type KubeObject,
  type ObjectType,
  type ServedVersion,
  type StandardKind,
  type Strategy,
  type Subresource,
} from '#model';
import { jsonEquals, type Json } from '#std';
import { scaleSubresource } from '../../../shared/scale.js';
import { ownersOnly } from '../../../shared/status-metadata.js';
import type { CustomResourceDefinition, DefinedVersion } from '../schema.js';
import { applySchemaDefaults } from '../structural/default.js';
import { customType } from '../structural/custom-type.js';
import { prune } from '../structural/prune.js';
import { columnsOf } from './columns.js';
import { fieldPath, valueAt } from './json-path.js';
import { schemaOf } from './version-schema.js';
import { validateObject } from './validate.js';

/** The kind that a definition makes; undefined until its names are accepted. */
export function definedKind(definition: CustomResourceDefinition): Kind | undefined {
  const { spec, status } = definition;
  const conditions = status?.conditions ?? [];
  const names = status?.acceptedNames;
  const isEstablished = findCondition(conditions, 'Established')?.status === 'True';
  const stored = spec.versions.find(({ storage }) => storage);
  if (!isEstablished || !names || !stored) return undefined;
  const { group } = spec;
  const types = new Map(spec.versions.map((version) => [version.name, typeOf(version, group, names.kind)]));
  const status_ = stored.subresources?.status !== undefined;
  const scale = stored.subresources?.scale;
  const subresources: Subresource[] = [];
  if (status_) subresources.push({ name: 'status', kind: names.kind, verbs: ['get', 'patch', 'update'] });
  if (scale) subresources.push(scaleSubresource);
  const kind = standardKind({
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
    // In the order in which the genuine server names them.
    verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'],
    storedOnly: true,
    columns: columnsOf(stored.additionalPrinterColumns),
    subresources,
    ...(scale && { scale: scalePaths(scale) }),
    fieldSelectorError: 'label',
    served: spec.versions
      .filter(({ served }) => served)
      .map((version) => servedVersion(definition, version, types.get(version.name) as ObjectType<unknown>)),
    strategy: strategyOf(definition, status_),
  });
  return findCondition(conditions, 'Terminating')?.status === 'True' ? withoutCreation(kind) : kind;
}

function typeOf(version: DefinedVersion, group: string, kind: string): ObjectType<unknown> {
  return customType(schemaOf(version), { group, version: version.name, kind });
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

/** A version as it is served: another `apiVersion`, the fields and defaults of its own schema. */
function servedVersion(
  { spec }: CustomResourceDefinition,
  version: DefinedVersion,
  schema: ObjectType<unknown>,
): ServedVersion {
  const { group, names, versions } = spec;
  const own = schemaOf(version);
  const apiVersion = `${group}/${version.name}`;
  const stored = `${group}/${versions.find(({ storage }) => storage)?.name ?? ''}`;
  const shown = (object: KubeObject): KubeObject => {
    const complete = applySchemaDefaults(prune(object as unknown as Json, own).value, own) as unknown as KubeObject;
    return complete.apiVersion === apiVersion ? complete : { ...complete, apiVersion };
  };
  const fields = (version.selectableFields ?? []).flatMap(({ jsonPath }) => {
    const path = fieldPath(jsonPath);
    return path ? [{ field: path.join('.'), value: (object: KubeObject) => textAt(object, path) }] : [];
  });
  const warning = `${apiVersion} ${names.kind} is deprecated`;
  const successor = versions.find((other) => other.served && other.deprecated !== true);
  const instead = successor ? `${warning}; use ${group}/${successor.name} ${names.kind}` : warning;
  return {
    group,
    version: version.name,
    schema,
    toServed: shown,
    toStored: (object) => (object.apiVersion === stored ? object : { ...object, apiVersion: stored }),
    fieldSelectors: fields,
    columns: columnsOf(version.additionalPrinterColumns),
    ...(version.deprecated === true && { deprecation: version.deprecationWarning ?? instead }),
  };
}
function textAt(object: KubeObject, path: readonly string[]): string {
  const value = valueAt(object as unknown as Json, path);
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value);
}

function strategyOf(definition: CustomResourceDefinition, hasStatus: boolean): Strategy {
  const { group, names, scope } = definition.spec;
  const isNamespaced = scope === 'Namespaced';
  return {
    ...(!isNamespaced && { prepareCreate: withoutNamespace, prepareUpdate: withoutNamespace }),
    unconditionalUpdate: false,
    registryPrefix: `${group}/${names.plural}`,
    generation: 'managed',
    generationGrows: (object, old) => !jsonEquals(content(object, hasStatus), content(old, hasStatus)),
    statusMetadata: ownersOnly,
    prepareStatus: (object, old) => ({
      ...old,
      metadata: object.metadata,
      ...(object['status'] !== undefined && { status: object['status'] }),
    }),
    validate: (object, context) => validateObject(definition, object, undefined, context),
    validateUpdate: (object, old, context) => validateObject(definition, object, old, context),
    validateStatus: (object, old, context) => validateObject(definition, object, old, context),
  };
}
function withoutNamespace(object: KubeObject): KubeObject {
  if (object.metadata.namespace === undefined) return object;
  const { namespace: _namespace, ...metadata } = object.metadata;
  return { ...object, metadata };
}
/** What the generation counts changes of. */
function content(object: KubeObject, hasStatus: boolean): unknown {
  const { metadata: _metadata, status, ...rest } = object;
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
