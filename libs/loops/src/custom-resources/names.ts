import { findCondition, setCondition, type Condition } from '#meta';
import type { CustomResourceDefinition, DefinitionNames } from '#kinds';
import { jsonEquals, toTime, type Instant } from '#std';

type Status = NonNullable<CustomResourceDefinition['status']>;

const APPROVAL = 'api-approved.kubernetes.io';

/** The status of a definition whose group has these others: which of its names are accepted, and whether it is served. */
export function namedStatus(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  now: Instant,
): Status {
  const { spec, status = {} } = definition;
  const taken = takenBy(others);
  const { names, conflict } = acceptedOf(spec.names, status.acceptedNames ?? { plural: '', kind: '' }, taken);
  const time = toTime(now);
  const had = findCondition(status.conditions ?? [], 'NamesAccepted');
  let conditions: readonly Condition[] = status.conditions ?? [];
  const set = (type: string, isTrue: boolean, reason: string, message: string): void => {
    conditions = setCondition(conditions, { type, status: isTrue ? 'True' : 'False', reason, message }, time);
  };
  const approval = approvalOf(definition);
  if (approval) set('KubernetesAPIApprovalPolicyConformant', approval.isTrue, approval.reason, approval.message);
  set(
    'NamesAccepted',
    conflict === undefined,
    conflict?.reason ?? 'NoConflicts',
    conflict?.message ?? 'no conflicts found',
  );
  // What is served stays served under the names that it has.
  const established = findCondition(conditions, 'Established');
  // What somebody else has written there stays until names change.
  const isDecided =
    established !== undefined &&
    jsonEquals(status.acceptedNames, names) &&
    had?.status === findCondition(conditions, 'NamesAccepted')?.status;
  if (established?.status !== 'True' && !isDecided) {
    if (conflict) set('Established', false, 'NotAccepted', 'not all names are accepted');
    else set('Established', true, 'InitialNamesAccepted', 'the initial names have been accepted');
  }
  return { ...status, acceptedNames: names, conditions };
}

interface Taken {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}
function takenBy(others: readonly CustomResourceDefinition[]): Taken {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { status } of others) {
    const names = status?.acceptedNames;
    if (!names) continue;
    for (const name of [names.plural, names.singular, ...(names.shortNames ?? [])]) if (name) resources.add(name);
    for (const kind of [names.kind, names.listKind]) if (kind) kinds.add(kind);
  }
  return { resources, kinds };
}

interface Conflict {
  readonly reason: string;
  readonly message: string;
}

/** Each name that nobody else has is accepted; the others stay as they were. The last conflict is told. */
function acceptedOf(wanted: DefinitionNames, before: DefinitionNames, { resources, kinds }: Taken) {
  let conflict: Conflict | undefined;
  const free = (
    name: string | undefined,
    had: string | undefined,
    taken: ReadonlySet<string>,
    reason: string,
  ): boolean => {
    if (name === undefined || name === had || !taken.has(name)) return true;
    conflict = { reason, message: inUse(name) };
    return false;
  };
  const pick = <T>(isFree: boolean, name: T, had: T): T => (isFree ? name : had);
  const plural = pick(free(wanted.plural, before.plural, resources, 'PluralConflict'), wanted.plural, before.plural);
  const singular = pick(
    free(wanted.singular, before.singular, resources, 'SingularConflict'),
    wanted.singular,
    before.singular,
  );
  const inConflict = (wanted.shortNames ?? []).filter(
    (name) => !before.shortNames?.includes(name) && resources.has(name),
  );
  if (inConflict.length > 0) {
    const words = inConflict.map(inUse);
    conflict = {
      reason: 'ShortNamesConflict',
      message: words.length === 1 ? (words[0] as string) : `[${words.join(', ')}]`,
    };
  }
  const shortNames = pick(inConflict.length === 0, wanted.shortNames, before.shortNames);
  const kind = pick(free(wanted.kind, before.kind, kinds, 'KindConflict'), wanted.kind, before.kind);
  const listKind = pick(
    free(wanted.listKind, before.listKind, kinds, 'ListKindConflict'),
    wanted.listKind,
    before.listKind,
  );
  const names: DefinitionNames = {
    plural,
    kind,
    ...(singular && { singular }),
    ...(shortNames && { shortNames }),
    ...(listKind && { listKind }),
    ...(wanted.categories && { categories: wanted.categories }),
  };
  return { names, conflict };
}
function inUse(name: string): string {
  return `${JSON.stringify(name)} is already in use`;
}

/** Groups of the Kubernetes project say who approved their kinds. */
function approvalOf({ metadata, spec }: CustomResourceDefinition) {
  const isProtected = /(^|\.)(k8s|kubernetes)\.io$/.test(spec.group);
  if (!isProtected) return undefined;
  const approval = metadata.annotations?.[APPROVAL] ?? '';
  if (approval.startsWith('unapproved'))
    return { isTrue: false, reason: 'UnapprovedAnnotation', message: `not approved: ${JSON.stringify(approval)}` };
  return { isTrue: true, reason: 'ApprovedAnnotation', message: `approved in ${approval}` };
}
