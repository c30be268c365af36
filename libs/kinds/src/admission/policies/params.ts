import { labelMatcher, type LabelMatcher } from '#meta';
import { spokenVersion, type Conversions, type Kind, type KindRegistry, type KubeObject, type View } from '#model';
import type { JsonObject } from '#std';
import type { PolicySpec } from '../../admissionregistration/validatingadmissionpolicy/schema.js';
import type { ParamRef } from '../../admissionregistration/validatingadmissionpolicybinding/schema.js';

/** The kind of a policy's parameters in the version that the policy names. */
export interface ParamKind {
  readonly kind: Kind;
  readonly apiVersion: string;
}

/** Undefined for a policy without parameters; a text where there is no such kind. */
export function paramKindOf(spec: PolicySpec, kinds: KindRegistry): ParamKind | string | undefined {
  if (!spec.paramKind) return undefined;
  const { apiVersion = '', kind: name = '' } = spec.paramKind;
  const slash = apiVersion.indexOf('/');
  const [group, version] = slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
  const kind = kinds.byKind(group, version, name);
  // What is created and answered but never stored parametrises nothing.
  if (kind?.verbs.includes('list')) return { kind, apiVersion };
  return `failed to find resource referenced by paramKind: '${apiVersion}, Kind=${name}'`;
}

/** The parameters that a binding refers to, for a request in a namespace; a text where they cannot be had. */
export function paramsOf(
  of: ParamKind,
  ref: ParamRef,
  {
    view,
    namespace,
    conversions,
  }: { readonly view: View; readonly namespace: string; readonly conversions: Conversions },
): readonly JsonObject[] | string {
  const { namespaced } = of.kind.names;
  if (!namespaced && ref.namespace) return 'paramRef.namespace must not be provided for a cluster-scoped `paramKind`';
  const place = namespaced ? ref.namespace || namespace : undefined;
  if (place === '') return 'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources';
  const found = ref.name ? named(view, of, { place, name: ref.name }) : selected(view, of, { place, ref });
  if (found.length === 0 && ref.parameterNotFoundAction === 'Deny')
    return 'no params found for policy binding with `Deny` parameterNotFoundAction';
  return found.map((object) => shown(of, object, conversions));
}

function named(
  view: View,
  { kind }: ParamKind,
  { place, name }: { readonly place: string | undefined; readonly name: string },
): readonly KubeObject[] {
  const object = view.get(kind.ref, place, name);
  return object ? [object] : [];
}

const memory = new WeakMap<readonly KubeObject[], Map<LabelMatcher, readonly KubeObject[]>>();

/** Remembered by the list: while nothing of the kind has changed there, the view gives the same one. */
function selected(
  view: View,
  { kind }: ParamKind,
  { place, ref }: { readonly place: string | undefined; readonly ref: ParamRef },
): readonly KubeObject[] {
  const matcher = labelMatcher(ref.selector);
  if (!matcher.ok) return [];
  const all = view.list(kind.ref, place);
  let known = memory.get(all);
  if (!known) memory.set(all, (known = new Map()));
  let found = known.get(matcher.value);
  if (!found) {
    found = all.filter(({ metadata }) => matcher.value.matches(metadata.labels));
    known.set(matcher.value, found);
  }
  return found;
}

function shown({ kind, apiVersion }: ParamKind, object: KubeObject, conversions: Conversions): JsonObject {
  const spoken = spokenVersion(kind, apiVersion);
  const seen = spoken.conversion ? conversions.to(spoken.conversion, object) : object;
  return { ...spoken.toServed(seen), apiVersion, kind: kind.names.kind } as unknown as JsonObject;
}
