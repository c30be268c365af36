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

/** Where errors about a part of the versions are: once for all of them, or in each. */
/** A definition without versions is refused, but read before. */
export function versionsOf({ spec }: CustomResourceDefinition): readonly DefinedVersion[] {
  return (spec.versions as readonly DefinedVersion[] | null | undefined) ?? [];
}

export function partsOf(definition: CustomResourceDefinition, name: PartName): readonly Part[] {
  const [first, ...rest] = versionsOf(definition);
  if (!first) return [];
  if (rest.every((version) => jsonEquals(version[name], first[name])))
    return [{ field: TOGETHER[name], version: first, index: undefined }];
  return versionsOf(definition).map((version, index) => ({ field: `spec.versions[${index}].${name}`, version, index }));
}

/** Versions as the genuine server prints them: with the names of its own fields, without what all have together. */
export function printedVersions(definition: CustomResourceDefinition): unknown {
  const versions = versionsOf(definition);
  if (versions.length === 0) return (definition.spec.versions as unknown) ?? null;
  const isOwn = (name: PartName): boolean => partsOf(definition, name)[0]?.index !== undefined;
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
