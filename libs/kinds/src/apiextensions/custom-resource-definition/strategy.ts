import { setCondition } from '#meta';
import {
  aboutOf,
  decidedChange,
  decideVerb,
  deleteObject,
  deletionValidated,
  isUndecided,
  refusals,
  type Decided,
  type DeleteOptions,
  type Request,
  type Strategy,
} from '#model';
import { jsonEquals, toTime } from '#std';
import type { CustomResourceDefinition } from './schema.js';
import { versionsOf } from './internal-form.js';
import { validateDefinition, validateDefinitionUpdate, validateNamesOfStatus } from './validate.js';
import { schemaWarnings } from './warnings.js';

/** Holds a definition that is being deleted until its objects are gone. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

export const definitionStrategy: Strategy<CustomResourceDefinition> = {
  // The finalizer that every one gets has no domain in front.
  shortFinalizers: true,
  unconditionalUpdate: false,
  registryPrefix: 'apiextensions.k8s.io/customresourcedefinitions',
  generation: 'managed',
  generationGrows: (object, old) => !jsonEquals(object.spec, old.spec),
  applyDefaults: (object) => ({ ...object, spec: withDefaults({ ...NOTHING, ...(object.spec as Spec | undefined) }) }),
  prepareCreate: (object) => withStoredVersion(object),
  prepareUpdate: (object) => withStoredVersion(object),
  validate: (object) => validateDefinition(object),
  validateUpdate: (object, old) => validateDefinitionUpdate(object, old),
  validateStatus: (object) => validateNamesOfStatus(object),
  warnings: (object) => schemaWarnings(object),
  decideDelete,
  subresources: { status: decideStatus },
};

/**
 * Nothing may be in the log of a kind that is not defined. What the writer has taken already may not be there yet, so who takes
 * the finalizer away does not see it.
 */
function decideStatus(request: Request): Decided {
  const decided = decideVerb(request);
  if (isUndecided(decided)) return decided;
  const old = request.old as CustomResourceDefinition | undefined;
  const { metadata, spec } = decided.object as CustomResourceDefinition;
  const isLetGo = old !== undefined && isHeld(old.metadata) && !isHeld(metadata);
  const ref = { id: `${spec.group}.${spec.names.plural}` };
  if (!isLetGo || request.view.list(ref).length === 0) return decided;
  return refusals.conflict(aboutOf(request, metadata.name), 'there are objects of the kind that it defines');
}
function isHeld({ finalizers = [] }: CustomResourceDefinition['metadata']): boolean {
  return finalizers.includes(CLEANUP_FINALIZER);
}

type Spec = CustomResourceDefinition['spec'];

/** What the genuine server reads where nothing is stated. */
const NOTHING = {
  group: '',
  names: { plural: '', kind: '' },
  scope: '',
  versions: null as unknown as Spec['versions'],
};

function withDefaults(spec: Spec): Spec {
  const names = spec.names as Spec['names'] | undefined;
  return {
    ...spec,
    ...(names && { names: withNames(names) }),
    conversion: spec.conversion ?? { strategy: 'None' },
  };
}
function withNames(names: Spec['names']): Spec['names'] {
  const { kind } = names;
  return {
    ...names,
    ...(!names.singular && kind && { singular: kind.toLowerCase() }),
    ...(!names.listKind && kind && { listKind: `${kind}List` }),
  };
}
/** The version that objects are stored in from now on is one that they may be stored in. */
function withStoredVersion(object: CustomResourceDefinition): CustomResourceDefinition {
  const { status = {} } = object;
  const before = status.storedVersions ?? [];
  const storage = versionsOf(object).find((version) => version.storage)?.name;
  if (storage === undefined || before.includes(storage)) return object;
  return { ...object, status: { ...status, storedVersions: [...before, storage] } };
}

/** The first deletion marks: the objects go first, then the finalizer is taken away. */
function decideDelete(old: CustomResourceDefinition, options: DeleteOptions, request: Request): Decided | undefined {
  const about = aboutOf(request, old.metadata.name);
  if (options.uid !== undefined && options.uid !== old.metadata.uid)
    return refusals.conflict(
      about,
      `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${old.metadata.uid}`,
    );
  if (options.resourceVersion !== undefined && options.resourceVersion !== request.oldVersion)
    return refusals.conflict(
      about,
      `Precondition failed: ResourceVersion in precondition: ${options.resourceVersion}, ResourceVersion in object meta: ${request.oldVersion}`,
    );
  if (old.metadata.deletionTimestamp !== undefined) return deleteObject(request, old, options);
  const now = toTime(request.now);
  const finalizers = old.metadata.finalizers ?? [];
  const conditions = setCondition(old.status?.conditions ?? [], TERMINATING, now);
  const marked: CustomResourceDefinition = {
    ...old,
    metadata: {
      ...old.metadata,
      deletionTimestamp: now,
      finalizers: isHeld(old.metadata) ? finalizers : [...finalizers, CLEANUP_FINALIZER],
    },
    status: { ...old.status, conditions },
  };
  return deletionValidated(request, old, () => decidedChange(request, marked, old));
}

const TERMINATING = {
  type: 'Terminating',
  status: 'True',
  reason: 'InstanceDeletionPending',
  message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
};
