import { forbidden } from '#meta';
import {
  kindRef,
  type AccessAttributes,
  type KindRegistry,
  type KubeObject,
  type Problem,
  type StrategyContext,
  type UserInfo,
} from '#model';
import { authorize } from '../access/authorizer.js';

/** `apiVersion` and `kind` of parameters as a policy states them. */
export interface StatedKind {
  readonly apiVersion?: string;
  readonly kind?: string;
}

const policies = kindRef<KubeObject & { readonly spec: { readonly paramKind?: StatedKind } }>(
  'admissionregistration.k8s.io.validatingadmissionpolicies',
);

/** The kind of parameters that a policy states, if there is the policy. */
export function statedKindOf({ view }: StrategyContext, policy: string): StatedKind | undefined {
  return view.get(policies, undefined, policy)?.spec.paramKind;
}

/** Group, version and resource that somebody must be able to read; `*` for what is not known. */
function resourceOf(stated: StatedKind | undefined, kinds: KindRegistry) {
  const parts = stated?.apiVersion?.split('/');
  if (!stated || !parts || parts.length > 2) return { group: '*', version: '*', resource: '*' };
  const version = parts[parts.length - 1] ?? '';
  const group = parts.length === 2 ? (parts[0] ?? '') : '';
  const kind = kinds.byKind(group, version, stated.kind ?? '');
  return { group, version, resource: kind?.names.plural ?? '*' };
}

type Asked = Pick<AccessAttributes, 'verb' | 'name' | 'namespace'>;

/** Why the user of a command may not refer to parameters: who cannot read an object does not learn of it by a policy. */
export function paramProblem(
  field: string,
  stated: StatedKind | undefined,
  { asked, context, why }: { readonly asked: Asked; readonly context: StrategyContext; why(user: string): string },
): readonly Problem[] {
  const { command, view, kinds } = context;
  const attributes = { ...resourceOf(stated, kinds), ...asked, isResource: true, path: '', subresource: '' };
  return authorize(command.actor, attributes, view).allowed ? [] : [forbidden(field, why(goUser(command.actor)))];
}

/** A user as Go prints one. */
function goUser({ name, uid = '', groups, extra = {} }: UserInfo): string {
  const pairs = Object.entries(extra)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, values]) => `${key}:[${values.join(' ')}]`);
  return `&{${name} ${uid} [${groups.join(' ')}] map[${pairs.join(' ')}]}`;
}
