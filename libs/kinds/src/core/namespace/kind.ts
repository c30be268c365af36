import { dns1123Label } from '#meta';
import {
  aboutOf,
  decidedChange,
  deleteObject,
  deletionValidated,
  isUndecided,
  propagation,
  refusals,
  standardKind,
  updateSubresource,
  type Decided,
  type DeleteOptions,
  type KubeObject,
  type Request,
} from '#model';
import { toTime } from '#std';
import { namespaceColumns } from './columns.js';
import { namespace, type Namespace } from './schema.js';
import { validateNamespace, validateNamespaceFinalize, validateNamespaceStatus } from './validate.js';

const NAME_LABEL = 'kubernetes.io/metadata.name';
const KUBERNETES = 'kubernetes';

/** A room for names. It goes in two steps: first all that is in it, then, once `spec.finalizers` is empty, itself. */
export const namespaceKind = standardKind<Namespace>({
  names: { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', shortNames: ['ns'], namespaced: false },
  role: 'namespace',
  schema: namespace,
  columns: namespaceColumns,
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: [
    { name: 'finalize', kind: 'Namespace', verbs: ['update'] },
    { name: 'status', kind: 'Namespace', verbs: ['get', 'patch', 'update'] },
  ],
  fieldSelectors: [{ field: 'status.phase', value: (object: KubeObject) => (object as Namespace).status?.phase ?? '' }],
  fieldSelectorError: 'label',
  strategy: {
    revalidatesMetadata: true,
    name: dns1123Label,
    answersDeletionWithObject: true,
    applyDefaults: withNameLabel,
    prepareCreate: (object) => {
      const finalizers = object.spec.finalizers ?? [];
      const spec = finalizers.includes(KUBERNETES)
        ? object.spec
        : { ...object.spec, finalizers: [...finalizers, KUBERNETES] };
      return { ...object, spec, status: { phase: 'Active' } };
    },
    prepareUpdate: (object, old) => ({ ...object, spec: old.spec }),
    validate: validateNamespace,
    validateStatus: validateNamespaceStatus,
    goesWithUpdate: (object) => (object.spec.finalizers?.length ?? 0) === 0,
    decideDelete,
    subresources: { finalize: decideFinalize },
  },
});

function withNameLabel(object: Namespace): Namespace {
  const { name, labels } = object.metadata;
  if (!name || labels?.[NAME_LABEL] === name) return object;
  return { ...object, metadata: { ...object.metadata, labels: { ...labels, [NAME_LABEL]: name } } };
}

/**
 * Nothing may be in the log in a namespace that is gone. What the writer has taken already may not be there yet, so who lets
 * the namespace go does not see it.
 */
function decideFinalize(request: Request): Decided {
  const decided = updateSubresource(request, {
    prepare: (object, old) => ({ ...old, metadata: object.metadata, spec: (object as Namespace).spec }),
    validate: (object) => validateNamespaceFinalize(object as Namespace),
  });
  if (isUndecided(decided)) return decided;
  const { metadata, spec } = decided.object as Namespace;
  const isLetGo = metadata.deletionTimestamp !== undefined && !spec.finalizers?.includes(KUBERNETES);
  if (!isLetGo || isEmpty(request, metadata.name)) return decided;
  return refusals.conflict(aboutOf(request, metadata.name), NOT_EMPTY);
}
function isEmpty({ view, kinds }: Request, name: string): boolean {
  // Objects whose kind is defined no more stay in the log, for the kind may come back; nobody could delete them.
  return kinds.all.every(({ ref, names }) => !names.namespaced || view.list(ref, name).length === 0);
}
/** As Kubernetes has it, two spaces and all. */
const NOT_EMPTY =
  'The system is ensuring all content is removed from this namespace.  ' +
  'Upon completion, this namespace will automatically be purged by the system.';

/** The first deletion only marks; the namespace loop empties `spec.finalizers`; what comes then removes. */
function decideDelete(old: Namespace, options: DeleteOptions, request: Request): Decided | undefined {
  const about = aboutOf(request, old.metadata.name);
  if (options.uid !== undefined && options.uid !== old.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${old.metadata.uid}`;
    return refusals.conflict(about, why);
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== request.oldVersion) {
    const why = `Precondition failed: ResourceVersion in precondition: ${options.resourceVersion}, ResourceVersion in object meta: ${request.oldVersion}`;
    return refusals.conflict(about, why);
  }
  if (old.metadata.deletionTimestamp === undefined) {
    return deletionValidated(request, old, () => decidedChange(request, terminating(old, options, request), old));
  }
  const isHeld = (old.spec.finalizers?.length ?? 0) > 0 || !isEmpty(request, old.metadata.name);
  if (isHeld) return deletionValidated(request, old, () => decidedChange(request, old, old));
  return deleteObject(request, old, options);
}
/** Finalizers that say what is to become of the dependents. */
const MARKS: ReadonlyMap<string, string> = new Map([
  ['orphan', 'Orphan'],
  ['foregroundDeletion', 'Foreground'],
]);

function terminating(old: Namespace, options: DeleteOptions, request: Request): Namespace {
  const { finalizers = [], ...metadata } = old.metadata;
  const policy = propagation(options);
  const others = finalizers.filter((name) => !MARKS.has(name));
  const mark = [...MARKS].filter(([, marked]) => marked === policy).map(([name]) => name);
  const wanted = policy === undefined ? finalizers : [...others, ...mark];
  return {
    ...old,
    metadata: {
      ...metadata,
      ...(wanted.length > 0 && { finalizers: wanted }),
      deletionTimestamp: toTime(request.now),
      ...(metadata.generation !== undefined && metadata.generation > 0 && { generation: metadata.generation }),
    },
    status: { ...old.status, phase: 'Terminating' },
  };
}
