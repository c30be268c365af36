import { pathSegment, required } from '#meta';
import { each, type Problems } from '../../validation/checks.js';
import type { AutoscalingReference } from './schema.js';

/** A reference to an object of any kind. Only one to what is scaled must name a group. */
export function validateReference(
  field: string,
  reference: AutoscalingReference,
  { needsGroup }: { readonly needsGroup: boolean },
): Problems {
  const { kind, name, apiVersion = '' } = reference;
  const segment = (at: string, value: string): Problems =>
    value === '' ? [required(at)] : each(at, value, pathSegment(value));
  return [
    ...segment(`${field}.kind`, kind),
    ...segment(`${field}.name`, name),
    ...each(`${field}.apiVersion`, apiVersion, versionProblems(reference, needsGroup)),
  ];
}
function versionProblems({ kind, apiVersion = '' }: AutoscalingReference, needsGroup: boolean): readonly string[] {
  if (apiVersion.split('/').length > 2) return [`unexpected GroupVersion string: ${apiVersion}`];
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  // The one kind of the core that has a scale.
  if (!needsGroup || group !== '' || kind === 'ReplicationController') return [];
  return ['apiVersion must specify API group'];
}
