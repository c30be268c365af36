import {
  dns1123Label,
  dns1123Subdomain,
  forbidden,
  invalid,
  notSupported,
  quantityOf,
  quantityText,
  required,
  validateAnnotations,
  validateLabels,
} from '#meta';
import type { Problem, TypedObjectReference } from '#model';
import type { EphemeralVolumeSource, PersistentVolumeClaimSpec } from '#pod';
import { jsonEquals, withoutField } from '#std';
import { each, items, type Problems, supportedOnly } from '../../validation/checks.js';
import { validateLabelSelector } from '../../validation/labels.js';

/** A claim that is made with the pod. */
export function validateEphemeral(field: string, source: EphemeralVolumeSource): Problems {
  const at = `${field}.volumeClaimTemplate`;
  const template = source.volumeClaimTemplate;
  if (!template) return [required(at)];
  return [
    ...validateLabels(template.metadata?.labels, `${at}.metadata.labels`),
    ...validateAnnotations(template.metadata?.annotations, `${at}.metadata.annotations`),
    ...validateClaimSpec(`${at}.spec`, template.spec),
  ];
}

const MODES = ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'];

export function validateClaimSpec(field: string, spec: PersistentVolumeClaimSpec): Problems {
  const found: Problem[] = [];
  const modes = items(spec.accessModes);
  if (modes.length === 0) found.push(required(`${field}.accessModes`, 'at least 1 access mode is required'));
  found.push(...validateLabelSelector(`${field}.selector`, spec.selector));
  for (const mode of modes)
    if (!MODES.includes(mode)) found.push(notSupported(`${field}.accessModes`, mode, [...MODES].sort()));
  if (modes.includes('ReadWriteOncePod') && modes.some((mode) => mode !== 'ReadWriteOncePod' && MODES.includes(mode))) {
    found.push(forbidden(`${field}.accessModes`, 'may not use ReadWriteOncePod with other access modes'));
  }
  found.push(...storageProblems(`${field}.resources`, spec.resources?.requests?.['storage']));
  const className = spec.storageClassName;
  if (className) found.push(...each(`${field}.storageClassName`, className, dns1123Subdomain(className)));
  found.push(...supportedOnly(`${field}.volumeMode`, spec.volumeMode, ['Block', 'Filesystem']));
  const attributes = spec.volumeAttributesClassName;
  return [
    ...found,
    ...sourceProblems(field, spec),
    ...(attributes ? each(`${field}.volumeAttributesClassName`, attributes, dns1123Subdomain(attributes)) : []),
  ];
}

function storageProblems(field: string, storage: string | undefined): Problems {
  if (storage === undefined) return [required(`${field}[storage]`)];
  const quantity = quantityOf(storage);
  if (quantity.nanos > 0n) return [];
  return [invalid(`${field}[storage]`, quantityText(quantity), 'must be greater than zero')];
}

function sourceProblems(field: string, { dataSource, dataSourceRef }: PersistentVolumeClaimSpec): Problems {
  const found: Problem[] = [];
  if (dataSource) found.push(...referenceProblems(`${field}.dataSource`, dataSource));
  if (dataSourceRef) found.push(...referenceProblems(`${field}.dataSourceRef`, dataSourceRef));
  if (dataSourceRef?.namespace) {
    if (dataSource) found.push(invalid(field, {}, 'may not be specified when dataSourceRef.namespace is specified'));
  } else if (dataSource && dataSourceRef && !jsonEquals(dataSource, withoutField(dataSourceRef, 'namespace'))) {
    found.push(invalid(field, {}, 'must match dataSourceRef'));
  }
  return found;
}
function referenceProblems(field: string, { name, kind, apiGroup, namespace }: TypedObjectReference): Problems {
  const found: Problem[] = [];
  if (name === '') found.push(required(`${field}.name`));
  if (kind === '') found.push(required(`${field}.kind`));
  if (!apiGroup && kind !== 'PersistentVolumeClaim') {
    found.push(invalid(field, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  }
  if (apiGroup) found.push(...each(`${field}.apiGroup`, apiGroup, dns1123Subdomain(apiGroup)));
  if (namespace) found.push(...each(`${field}.namespace`, namespace, dns1123Label(namespace)));
  return found;
}
