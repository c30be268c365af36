import { validateManagedFields, type ManagedEntryToCheck } from './managed-fields-rules.js';
import { byteLength, labelValueProblems, prefixRule, qualifiedName, dns1123Label, type NameRule } from './names.js';
import type { OwnerRef } from './owner.js';
import { forbidden, invalid, required, tooLong, type MetaProblem } from './problem.js';

/** What this library checks of an object's metadata; clients' bodies may lack any of it. */
export interface MetaToCheck {
  readonly name?: string;
  readonly namespace?: string;
  readonly generateName?: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: { readonly [key: string]: string };
  readonly annotations?: { readonly [key: string]: string };
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerRef[];
  readonly managedFields?: readonly ManagedEntryToCheck[];
}
export interface MetaRules {
  readonly namespaced: boolean;
  readonly nameRule: NameRule;
  /** `metadata`, or `spec.template.metadata`. */
  readonly path?: string;
}

const ANNOTATIONS_BYTES_MAX = 256 * 1024;
const STANDARD_FINALIZERS = ['kubernetes', 'orphan', 'foregroundDeletion'];

/** What is wrong with the metadata of an object that is being made. */
export function validateMeta(meta: MetaToCheck, rules: MetaRules): readonly MetaProblem[] {
  const path = rules.path ?? 'metadata';
  return [
    ...nameProblems(meta, rules, path),
    ...namespaceProblems(meta, rules, path),
    ...generationProblems(meta, path),
    ...validateLabels(meta.labels, `${path}.labels`),
    ...validateAnnotations(meta.annotations, `${path}.annotations`),
    ...validateOwnerReferences(meta.ownerReferences, `${path}.ownerReferences`),
    ...finalizerProblems(meta.finalizers, `${path}.finalizers`),
    ...validateManagedFields(meta.managedFields, `${path}.managedFields`),
    ...standardFinalizerProblems(meta.finalizers, `${path}.finalizers`),
  ];
}

/** What is wrong with a change of metadata. Both sides are whole: what the server owns was carried over already. */
export function validateMetaUpdate(next: MetaToCheck, old: MetaToCheck, path = 'metadata'): readonly MetaProblem[] {
  return [
    ...genericMetaUpdateProblems(next, old, path),
    ...standardFinalizerProblems(next.finalizers, `${path}.finalizers`),
  ];
}

/**
 * The part of {@link validateMetaUpdate} that holds for every object whatever its kind. The genuine server checks it
 * twice for built-in kinds (once for all objects, once for the kind), and its answers name each such cause twice.
 */
export function genericMetaUpdateProblems(
  next: MetaToCheck,
  old: MetaToCheck,
  path = 'metadata',
): readonly MetaProblem[] {
  return [
    ...deletionProblems(next, old, path),
    ...newFinalizerProblems(next, old, `${path}.finalizers`),
    ...((next.generation ?? 0) < (old.generation ?? 0)
      ? [invalid(`${path}.generation`, next.generation ?? 0, 'must not be decremented')]
      : []),
    ...(['name', 'namespace', 'uid', 'creationTimestamp'] as const)
      .filter((field) => (next[field] ?? '') !== (old[field] ?? ''))
      .map((field) => invalid(`${path}.${field}`, next[field] ?? '', 'field is immutable')),
    ...validateLabels(next.labels, `${path}.labels`),
    ...validateAnnotations(next.annotations, `${path}.annotations`),
    ...validateOwnerReferences(next.ownerReferences, `${path}.ownerReferences`),
    ...validateManagedFields(next.managedFields, `${path}.managedFields`),
  ];
}

function nameProblems(meta: MetaToCheck, rules: MetaRules, path: string): readonly MetaProblem[] {
  const problems: MetaProblem[] = [];
  if (meta.generateName) {
    const wrong = prefixRule(rules.nameRule, meta.generateName);
    problems.push(...wrong.map((text) => invalid(`${path}.generateName`, meta.generateName, text)));
  }
  if (!meta.name) problems.push(required(`${path}.name`, 'name or generateName is required'));
  else problems.push(...rules.nameRule(meta.name).map((text) => invalid(`${path}.name`, meta.name, text)));
  return problems;
}

function namespaceProblems(meta: MetaToCheck, rules: MetaRules, path: string): readonly MetaProblem[] {
  const field = `${path}.namespace`;
  if (!rules.namespaced) return meta.namespace ? [forbidden(field, 'not allowed on this type')] : [];
  if (!meta.namespace) return [required(field)];
  return dns1123Label(meta.namespace).map((text) => invalid(field, meta.namespace, text));
}

function generationProblems(meta: MetaToCheck, path: string): readonly MetaProblem[] {
  if ((meta.generation ?? 0) >= 0) return [];
  return [invalid(`${path}.generation`, meta.generation, 'must be greater than or equal to 0')];
}

/** Keys and values of labels; both are reported under the map's own path. */
export function validateLabels(labels: MetaToCheck['labels'], path: string): readonly MetaProblem[] {
  if (!labels) return [];
  const problems: MetaProblem[] = [];
  for (const key in labels) {
    const value = labels[key] ?? '';
    for (const text of qualifiedName(key)) problems.push(invalid(path, key, text));
    for (const text of labelValueProblems(value)) problems.push(invalid(path, value, text));
  }
  return problems;
}

export function validateAnnotations(annotations: MetaToCheck['annotations'], path: string): readonly MetaProblem[] {
  if (!annotations) return [];
  const problems: MetaProblem[] = [];
  let bytes = 0;
  for (const key in annotations) {
    // The case of a key does not matter here, unlike for labels.
    for (const text of qualifiedName(key.toLowerCase())) problems.push(invalid(path, key, text));
    bytes += byteLength(key) + byteLength(annotations[key] ?? '');
  }
  if (bytes > ANNOTATIONS_BYTES_MAX) problems.push(tooLong(path, ANNOTATIONS_BYTES_MAX));
  return problems;
}

export function validateOwnerReferences(owners: readonly OwnerRef[] | undefined, path: string): readonly MetaProblem[] {
  if (!owners || owners.length === 0) return [];
  const problems: MetaProblem[] = [];
  let controller: OwnerRef | undefined;
  let printed: readonly OwnerRef[] | undefined;
  for (const owner of owners) {
    problems.push(...ownerProblems(owner, path));
    if (owner.controller !== true) continue;
    if (controller !== undefined) {
      const pair = `${controller.kind}/${controller.name} and ${owner.kind}/${owner.name}`;
      const text = `Only one reference can have Controller set to true. Found "true" in references for ${pair}`;
      problems.push(invalid(path, (printed ??= owners.map(inOrder)), text));
    }
    controller ??= owner;
  }
  return problems;
}
function ownerProblems(owner: OwnerRef, path: string): readonly MetaProblem[] {
  const problems: MetaProblem[] = [];
  const parts = owner.apiVersion.split('/');
  const version = parts.length > 2 ? '' : (parts[parts.length - 1] ?? '');
  if (version === '') problems.push(invalid(`${path}.apiVersion`, owner.apiVersion, 'version must not be empty'));
  for (const field of ['kind', 'name', 'uid'] as const) {
    if (!owner[field]) problems.push(invalid(`${path}.${field}`, owner[field], 'must not be empty'));
  }
  if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
    problems.push(invalid(path, inOrder(owner), '/v1, Kind=Event is disallowed from being an owner'));
  }
  return problems;
}
/** The reference with its fields in the order in which Kubernetes prints them. */
function inOrder(owner: OwnerRef): OwnerRef {
  const { apiVersion, kind, name, uid, controller, blockOwnerDeletion } = owner;
  return {
    apiVersion,
    kind,
    name,
    uid,
    ...(controller !== undefined && { controller }),
    ...(blockOwnerDeletion !== undefined && { blockOwnerDeletion }),
  };
}

function finalizerProblems(finalizers: readonly string[] | undefined, path: string): readonly MetaProblem[] {
  if (!finalizers) return [];
  const problems: MetaProblem[] = [];
  for (const finalizer of finalizers)
    for (const text of qualifiedName(finalizer)) problems.push(invalid(path, finalizer, text));
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    problems.push(invalid(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  return problems;
}
function standardFinalizerProblems(finalizers: readonly string[] | undefined, path: string): readonly MetaProblem[] {
  const words = 'name is neither a standard finalizer name nor is it fully qualified';
  const problems: MetaProblem[] = [];
  for (const [i, finalizer] of (finalizers ?? []).entries()) {
    if (finalizer.includes('/') || STANDARD_FINALIZERS.includes(finalizer)) continue;
    problems.push(invalid(`${path}[${i}]`, finalizer, words));
  }
  return problems;
}
function newFinalizerProblems(next: MetaToCheck, old: MetaToCheck, path: string): readonly MetaProblem[] {
  if (!next.deletionTimestamp) return [];
  const before = new Set(old.finalizers);
  const added = [...new Set(next.finalizers)].filter((f) => !before.has(f)).sort();
  if (added.length === 0) return [];
  const list = `[]string{${added.map((f) => JSON.stringify(f)).join(', ')}}`;
  const text = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
  return [forbidden(path, text)];
}

function deletionProblems(next: MetaToCheck, old: MetaToCheck, path: string): readonly MetaProblem[] {
  const text = 'field is immutable; may only be changed via deletion';
  return (['deletionTimestamp', 'deletionGracePeriodSeconds'] as const)
    .filter((field) => next[field] !== undefined && next[field] !== old[field])
    .map((field) => invalid(`${path}.${field}`, next[field], text));
}
