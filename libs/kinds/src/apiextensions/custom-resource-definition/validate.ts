import { dns1035Label, dns1123Subdomain } from '#meta';
import type { Problem } from '#model';
import { jsonEquals } from '#std';
import { invalid, required } from './problems.js';
import { validateConversion } from './validate-conversion.js';
import { partsOf, printedVersions, versionsOf } from './internal-form.js';
import type { CustomResourceDefinition, DefinedVersion, DefinitionNames, PrinterColumn } from './schema.js';
import { validateSelectable } from './validate-selectable.js';
import { validateSchema } from './validate-schema.js';

/** What is wrong with a definition, in the order in which the genuine server looks. */
export function validateDefinition(object: CustomResourceDefinition): readonly Problem[] {
  const { metadata, spec } = object;
  const name = `${spec.names.plural}.${spec.group}`;
  return [
    ...(metadata.name === name
      ? []
      : [invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group')]),
    ...validateSpec(object),
    ...validateNamesOfStatus(object),
    ...validateStoredVersions(object),
    ...validateApproval(object),
  ];
}

export function validateDefinitionUpdate(
  object: CustomResourceDefinition,
  old: CustomResourceDefinition,
): readonly Problem[] {
  const isEstablished = old.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True');
  const same = (field: string, now: unknown, before: unknown): readonly Problem[] =>
    jsonEquals(now, before) ? [] : [invalid(field, now, 'field is immutable')];
  return [
    ...validateSpec(object),
    ...(isEstablished ? same('spec.scope', object.spec.scope, old.spec.scope) : []),
    ...(isEstablished ? same('spec.names.kind', object.spec.names.kind, old.spec.names.kind) : []),
    ...same('spec.group', object.spec.group, old.spec.group),
    ...same('spec.names.plural', object.spec.names.plural, old.spec.names.plural),
    ...validateNamesOfStatus(object),
    ...validateStoredVersions(object),
    ...validateApproval(object),
  ];
}

function validateSpec(object: CustomResourceDefinition): readonly Problem[] {
  const { spec } = object;
  return [
    ...validateGroup(spec.group),
    ...validateScope(spec.scope),
    ...validateSchemasAreThere(object),
    ...validateVersions(object),
    ...missingNames(spec.names, 'spec.names'),
    ...validateNames(spec.names, 'spec.names'),
    ...validateParts(object, undefined),
    ...validateConversion(spec),
    ...(spec.preserveUnknownFields === true
      ? [
          invalid(
            'spec.preserveUnknownFields',
            true,
            'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
          ),
        ]
      : []),
  ];
}

/** What one version states by itself, or, without an index, what all of them agree on. */
function validateParts(object: CustomResourceDefinition, index: number | undefined): readonly Problem[] {
  return [
    ...validateSchemas(object, index),
    ...validateSubresources(object, index),
    ...validateColumns(object, index),
    ...validateSelectable(object, index),
  ];
}

function validateGroup(group: string): readonly Problem[] {
  if (group === '') return [required('spec.group')];
  const wrong = dns1123Subdomain(group);
  if (wrong.length > 0) return [invalid('spec.group', group, wrong.join(','))];
  return group.includes('.') ? [] : [invalid('spec.group', group, 'should be a domain with at least one dot')];
}
function validateScope(scope: string): readonly Problem[] {
  if (scope === '') return [required('spec.scope')];
  if (scope === 'Namespaced' || scope === 'Cluster') return [];
  return [
    {
      ...{ type: 'NotSupported', field: 'spec.scope', value: scope, supported: ['Cluster', 'Namespaced'] },
      detail: '',
    },
  ];
}

function validateVersions(object: CustomResourceDefinition): readonly Problem[] {
  const versions = versionsOf(object);
  const problems: Problem[] = [];
  versions.forEach((version, index) => {
    const at = `spec.versions[${index}]`;
    const wrong = dns1035Label(version.name);
    if (wrong.length > 0) problems.push(invalid(`${at}.name`, version.name, wrong.join(',')));
    problems.push(...validateDeprecation(version, `${at}.deprecationWarning`), ...validateParts(object, index));
  });
  const names = versions.map(({ name }) => name);
  const say = (detail: string): void => void problems.push(invalid('spec.versions', printedVersions(object), detail));
  if (new Set(names).size < names.length) say('must contain unique version names');
  if (versions.filter(({ storage }) => storage).length !== 1)
    say('must have exactly one version marked as storage version');
  return problems;
}

function validateDeprecation(
  { deprecated, deprecationWarning: warning }: DefinedVersion,
  field: string,
): readonly Problem[] {
  if (warning === undefined) return [];
  if (deprecated !== true) return [invalid(field, warning, 'can only be set for deprecated versions')];
  const problems: Problem[] = [];
  const say = (detail: string): void => void problems.push(invalid(field, warning, detail));
  if (warning.length > 256) say('must be <= 256 characters long');
  if (warning === '') say('must not be an empty string');
  const at = [...warning].findIndex((character) => /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u.test(character));
  if (at >= 0) say(`must only contain printable UTF-8 characters; non-printable character found at index ${at}`);
  return problems;
}

/** What the status says of names is checked as the spec is, but none has to be there. */
export function validateNamesOfStatus({ status }: CustomResourceDefinition): readonly Problem[] {
  return status?.acceptedNames ? validateNames(status.acceptedNames, 'status.acceptedNames') : [];
}

function missingNames(names: DefinitionNames, at: string): readonly Problem[] {
  return (['plural', 'singular', 'kind', 'listKind'] as const)
    .filter((name) => !names[name])
    .map((name) => required(`${at}.${name}`));
}
function validateNames(names: DefinitionNames, at: string): readonly Problem[] {
  const problems: Problem[] = [];
  const label = (field: string, value: string | undefined): void => {
    const wrong = value ? dns1035Label(value) : [];
    if (wrong.length > 0) problems.push(invalid(`${at}.${field}`, value, wrong.join(',')));
  };
  const kindLabel = (field: string, value: string | undefined): void => {
    const wrong = value ? dns1035Label(value.toLowerCase()) : [];
    if (wrong.length > 0)
      problems.push(
        invalid(`${at}.${field}`, value, `may have mixed case, but should otherwise match: ${wrong.join(',')}`),
      );
  };
  label('plural', names.plural);
  label('singular', names.singular);
  kindLabel('kind', names.kind);
  kindLabel('listKind', names.listKind);
  for (const field of ['shortNames', 'categories'] as const)
    (names[field] ?? []).forEach((name, index) => {
      const wrong = dns1035Label(name);
      if (wrong.length > 0) problems.push(invalid(`${at}.${field}[${index}]`, name, wrong.join(',')));
    });
  if (names.kind && names.kind === names.listKind)
    problems.push(invalid(`${at}.listKind`, names.listKind, 'kind and listKind may not be the same'));
  return problems;
}

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

function validateColumns(object: CustomResourceDefinition, of: number | undefined): readonly Problem[] {
  return partsOf(object, 'additionalPrinterColumns', of).flatMap(({ field, version }) =>
    (version.additionalPrinterColumns ?? []).flatMap((column, index) => validateColumn(column, `${field}[${index}]`)),
  );
}
function validateColumn({ name, type, format, jsonPath }: PrinterColumn, at: string): readonly Problem[] {
  const problems: Problem[] = [];
  if (name === '') problems.push(required(`${at}.name`));
  const types = `must be one of ${COLUMN_TYPES.join(',')}`;
  if (type === '') problems.push(required(`${at}.type`, types));
  else if (!COLUMN_TYPES.includes(type)) problems.push(invalid(`${at}.type`, type, types));
  if (format && !COLUMN_FORMATS.includes(format))
    problems.push(invalid(`${at}.format`, format, `must be one of ${COLUMN_FORMATS.join(',')}`));
  return [...problems, ...validatePath(jsonPath, `${at}.JSONPath`)];
}
function validatePath(path: string | undefined, field: string): readonly Problem[] {
  if (!path) return [required(field)];
  return path.startsWith('.') ? [] : [invalid(field, path, 'must be a simple json path starting with .')];
}

function validateSubresources(object: CustomResourceDefinition, of: number | undefined): readonly Problem[] {
  return partsOf(object, 'subresources', of).flatMap(({ field, version }) => {
    const scale = version.subresources?.scale;
    if (!scale) return [];
    const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
    const simple = (name: string, path: string, ...under: readonly string[]): readonly Problem[] => {
      const at = `${field}.scale.${name}`;
      if (path === '') return [required(at)];
      if (!path.startsWith('.')) return [invalid(at, path, 'must be a simple json path starting with .')];
      if (under.some((prefix) => path.startsWith(`${prefix}.`))) return [];
      return [
        invalid(at, path, `should be a json path under ${under.length > 1 ? 'either ' : ''}${under.join(' or ')}`),
      ];
    };
    return [
      ...simple('specReplicasPath', specReplicasPath, '.spec'),
      ...simple('statusReplicasPath', statusReplicasPath, '.status'),
      ...(labelSelectorPath ? simple('labelSelectorPath', labelSelectorPath, '.spec', '.status') : []),
    ];
  });
}

/** Where all versions lack a schema, each is told of. */
function validateSchemasAreThere(object: CustomResourceDefinition): readonly Problem[] {
  return versionsOf(object).flatMap((version, index) =>
    version.schema?.openAPIV3Schema ? [] : [required(`spec.versions[${index}].schema.openAPIV3Schema`)],
  );
}
function validateSchemas(object: CustomResourceDefinition, of: number | undefined): readonly Problem[] {
  return partsOf(object, 'schema', of).flatMap(({ field, version }) => {
    const schema = version.schema?.openAPIV3Schema;
    return schema ? validateSchema(schema, `${field}.openAPIV3Schema`) : [];
  });
}

/** The versions that objects may be stored in. */
function validateStoredVersions(object: CustomResourceDefinition): readonly Problem[] {
  const { status } = object;
  const versions = versionsOf(object);
  const stored = status?.storedVersions ?? [];
  if (stored.length === 0)
    return [invalid('status.storedVersions', status?.storedVersions ?? null, 'must have at least one stored version')];
  const problems = versions
    .filter(({ name, storage }) => storage && !stored.includes(name))
    .map(({ name }) => invalid('status.storedVersions', stored, `must have the storage version ${name}`));
  const names = new Set(versions.map(({ name }) => name));
  stored.forEach((name, index) => {
    if (!names.has(name))
      problems.push(
        invalid(
          `status.storedVersions[${index}]`,
          name,
          `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
        ),
      );
  });
  return problems;
}

const APPROVAL = 'api-approved.kubernetes.io';
export function isProtected(group: string): boolean {
  return (
    group === 'k8s.io' || group === 'kubernetes.io' || group.endsWith('.k8s.io') || group.endsWith('.kubernetes.io')
  );
}
function validateApproval({ metadata, spec }: CustomResourceDefinition): readonly Problem[] {
  if (!isProtected(spec.group)) return [];
  const field = `metadata.annotations[${APPROVAL}]`;
  const approval = metadata.annotations?.[APPROVAL];
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
  if (!approval) return [required(field, `protected groups must have approval annotation "${APPROVAL}", ${see}`)];
  if (approval.startsWith('unapproved') || /^https?:\/\/./.test(approval)) return [];
  return [
    invalid(
      field,
      approval,
      `protected groups must have approval annotation "${APPROVAL}" with either a URL or a reason starting with "unapproved", ${see}`,
    ),
  ];
}
