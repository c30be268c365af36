import { jsonEquals } from '#std';
import type { CustomResourceDefinition, DefinedVersion } from './schema.js';

/** A part of versions that the genuine server keeps once where all versions agree on it. */
export interface Part {
  /** Field of errors about it. */
  readonly field: string;
  readonly version: DefinedVersion;
  /** Index of the version, undefined of what holds for all. */
  readonly index: number | undefined;
}

type PartName = 'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields';
const TOGETHER: Readonly<Record<PartName, string>> = {
  schema: 'spec.validation',
  subresources: 'spec.subresources',
  additionalPrinterColumns: 'spec.additionalPrinterColumns',
  selectableFields: 'spec.selectableFields',
};

/** A definition without versions is refused, but read before. */
export function versionsOf({ spec }: CustomResourceDefinition): readonly DefinedVersion[] {
  return (spec.versions as readonly DefinedVersion[] | null | undefined) ?? [];
}

/** The part of one version, or, without an index, that of all versions where they agree on it; at most one. */
export function partsOf(
  definition: CustomResourceDefinition,
  name: PartName,
  index: number | undefined,
): readonly Part[] {
  const parts = allParts(definition, name);
  const isOfAll = parts[0]?.index === undefined;
  const part = index === undefined ? (isOfAll ? parts[0] : undefined) : isOfAll ? undefined : parts[index];
  return part ? [part] : [];
}

const compared = new WeakMap<CustomResourceDefinition, Map<PartName, readonly Part[]>>();

/** Where errors about a part of the versions are: once for all of them, or in each. */
function allParts(definition: CustomResourceDefinition, name: PartName): readonly Part[] {
  const known = compared.get(definition) ?? new Map<PartName, readonly Part[]>();
  compared.set(definition, known);
  let parts = known.get(name);
  if (parts === undefined) known.set(name, (parts = comparedParts(definition, name)));
  return parts;
}
function comparedParts(definition: CustomResourceDefinition, name: PartName): readonly Part[] {
  const [first, ...rest] = versionsOf(definition);
  if (!first) return [];
  if (rest.every((version) => jsonEquals(version[name], first[name])))
    return [{ field: TOGETHER[name], version: first, index: undefined }];
  return versionsOf(definition).map((version, index) => ({ field: `spec.versions[${index}].${name}`, version, index }));
}

/** Versions as the genuine server prints them: with the names of its own fields, without what all have together. */
export function printedVersions(definition: CustomResourceDefinition): unknown {
  const versions = versionsOf(definition);
  if (versions.length === 0) return definition.spec.versions as unknown;
  const isOwn = (name: PartName): boolean => allParts(definition, name)[0]?.index !== undefined;
  return versions.map((version) => ({
    Name: version.name,
    Served: version.served,
    Storage: version.storage,
    Deprecated: version.deprecated ?? false,
    DeprecationWarning: version.deprecationWarning ?? null,
    Schema: isOwn('schema') ? (version.schema ?? null) : null,
    Subresources: isOwn('subresources') ? (version.subresources ?? null) : null,
    AdditionalPrinterColumns: isOwn('additionalPrinterColumns') ? (version.additionalPrinterColumns ?? null) : null,
    SelectableFields: isOwn('selectableFields') ? (version.selectableFields ?? null) : null,
  }));
}
