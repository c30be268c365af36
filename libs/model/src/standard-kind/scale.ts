import { parentManagedFields, scaleManagedFields, serverSideApply, trackUpdate } from '#meta';
import { isJsonObject, type Json, type JsonObject } from '#std';
import { isUndecided, type Decided, type DecidedEvent } from '../kind.js';
import type { KubeObject } from '../kube-object.js';
import { isRefusal, refusals, type Refusal } from '../refusal.js';
import type { ObjectType } from '../schema/index.js';
import { appliedBody, mergedObject } from './apply.js';
import { readBody } from './body.js';
import { applyChange } from './change.js';
import { wrongPlace } from './create.js';
import { withResourceVersion } from './fold.js';
import { writeContext } from './ownership.js';
import { patchedDocument } from './patch-document.js';
import { aboutOf, type Request } from './request.js';
import { plainVersion } from './served.js';
import type { SpokenForm } from './spoken-form.js';
import { uidMismatch, updateObject, wrongName } from './update.js';

/** Where a kind keeps what its scale shows. */
export interface ScalePaths {
  /** The selector in words: `app=a,tier in (b,c)`. */
  selector(object: KubeObject): string;
  /** Where the wished number is; default `spec.replicas`. */
  readonly replicas?: readonly string[];
  /** Where the present number is; default `status.replicas`. */
  readonly statusReplicas?: readonly string[];
}

/** An object as its Scale. */
export function scaleOf(object: KubeObject, paths: ScalePaths): JsonObject {
  const selector = paths.selector(object);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = numberAt(object, paths.replicas ?? REPLICAS);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      uid,
      ...(resourceVersion !== undefined && { resourceVersion }),
      ...(creationTimestamp !== undefined && { creationTimestamp }),
    },
    spec: replicas === 0 ? {} : { replicas },
    status: {
      replicas: numberAt(object, paths.statusReplicas ?? STATUS_REPLICAS),
      ...(selector !== '' && { selector }),
    },
  };
}

/** PUT and PATCH of `/scale`: a change of `spec.replicas` of the object itself. */
export function decideScale(request: Request, paths: ScalePaths): Decided {
  const { old } = request;
  if (old === undefined) return missing(request);
  const spoken = plainVersion('Scale', 'autoscaling', 'v1', scaleSchema(request));
  const scaleRequest: Request = { ...request, spoken, strategy: { unowned: { scale: [['status']] } } };
  const current = scaleWithOwners(withResourceVersion(old, request.oldVersion ?? ''), paths);
  const written = writtenScale(scaleRequest, current);
  if (isRefusal(written)) return written;
  const misplaced =
    wrongName(request, written as unknown as KubeObject) ?? wrongPlace(request, written as unknown as KubeObject);
  if (misplaced) return misplaced;
  const replicas = replicasOf(request, written, old);
  if (isRefusal(replicas)) return replicas;
  const { uid, resourceVersion } = stated(written);
  if (uid !== undefined && uid !== old.metadata.uid) return uidMismatch(request, uid, old.metadata.uid);
  const owned = ownedScale(scaleRequest, written, current);
  const at = paths.replicas ?? REPLICAS;
  const parent = parentManagedFields(old as unknown as JsonObject, owned, at, request.spoken.apiVersion);
  const changed = withReplicas(parent as unknown as KubeObject, { at, replicas, resourceVersion });
  const decided = updateObject({ ...request, form: scaleForm(request, paths) }, changed, old, 'tracked');
  if (isUndecided(decided)) return decided;
  return { ...decided, response: scaleAfter(decided, paths) };
}

/** Admission sees the Scale; what it changes of the wished number is a change of the object. */
function scaleForm(request: Request, paths: ScalePaths): SpokenForm {
  return {
    ...{ group: 'autoscaling', version: 'v1', kind: 'Scale' },
    show: (object) => scaleOf(object, paths),
    take(shown, object) {
      const replicas = replicasOf(request, shown, object);
      if (isRefusal(replicas)) return replicas;
      return withReplicas(object, { at: paths.replicas ?? REPLICAS, replicas, resourceVersion: undefined });
    },
  };
}

/** A PUT is read before its object is looked for. */
function missing(request: Request): Refusal {
  const { command } = request;
  const body = { metadata: {}, ...(isJsonObject(command.body) ? command.body : {}) };
  const misnamed = command.verb === 'update' ? wrongName(request, body as unknown as KubeObject) : undefined;
  return misnamed ?? refusals.notFound(aboutOf(request, command.name));
}

const REPLICAS = ['spec', 'replicas'];
const STATUS_REPLICAS = ['status', 'replicas'];

function numberAt(object: KubeObject, path: readonly string[]): number {
  let at: unknown = object;
  for (const key of path) at = isJsonObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  return typeof at === 'number' ? at : 0;
}

function scaleWithOwners(object: KubeObject, paths: ScalePaths): JsonObject {
  const scale = scaleOf(object, paths);
  const managedFields = scaleManagedFields(object as unknown as JsonObject, paths.replicas ?? REPLICAS);
  if (managedFields === undefined) return scale;
  return { ...scale, metadata: { ...(scale['metadata'] as JsonObject), managedFields } };
}

/** The Scale as the command would have it. */
function writtenScale(request: Request, current: JsonObject): JsonObject | Refusal {
  const { command, spoken } = request;
  if (command.verb !== 'patch') return readScale(request, command.body ?? null);
  if (command.patchType !== 'apply') {
    const patched = patchedDocument(command, current, spoken.schema);
    return isRefusal(patched) ? patched : readScale(request, patched);
  }
  const applied = appliedBody(request, spoken);
  if (isRefusal(applied)) return applied;
  const manager = command.options.fieldManager ?? command.via;
  const force = command.options.force === true;
  return mergedObject(
    serverSideApply({ ...writeContext(request), live: current, applied, manager, force, now: request.now }),
  );
}

/** The written Scale with its owners; an apply has brought them along. */
function ownedScale(request: Request, written: JsonObject, current: JsonObject): JsonObject {
  const { command, now } = request;
  if (command.verb === 'patch' && command.patchType === 'apply') return written;
  const manager = command.options.fieldManager ?? command.via;
  return trackUpdate({ ...writeContext(request), before: current, after: written, manager, now });
}

/** How kinds with replicas are read. */
function scaleSchema(request: Request): ObjectType<unknown> {
  return request.kind.subresources.find((subresource) => subresource.name === 'scale')?.schema ?? request.kind.schema;
}

/** Without a version: that is the position of the event, which the API adds. */
function scaleAfter(decided: DecidedEvent, paths: ScalePaths): JsonObject {
  return scaleOf(decided.object, paths);
}

function readScale(request: Request, written: Json): JsonObject | Refusal {
  const { command, spoken, kind } = request;
  if (kind.isCustom && isJsonObject(written)) {
    const { apiVersion = spoken.apiVersion, kind: name = spoken.kind } = written;
    if (apiVersion !== spoken.apiVersion || name !== spoken.kind)
      return refusals.badRequest('no kind is registered for the type v1.Scale in scheme "pkg/runtime/scheme.go:111"');
  }
  const read = readBody({ ...command, body: written }, spoken, request.decideContext);
  if (!isRefusal(read)) return read.object as unknown as JsonObject;
  const isUnreadablePatch = kind.isCustom && command.verb === 'patch' && read.code === 400;
  return isUnreadablePatch ? { ...read, code: 422, reason: 'Invalid', details: {} } : read;
}
function replicasOf({ kind }: Request, scale: JsonObject, old: KubeObject): number | Refusal {
  const spec = isJsonObject(scale['spec']) ? scale['spec'] : {};
  const replicas = Number(spec['replicas'] ?? 0);
  // A custom kind says itself what replicas there may be.
  if (replicas >= 0 || kind.isCustom) return replicas;
  return refusals.invalid({ group: 'autoscaling', resource: '', kind: 'Scale', name: old.metadata.name }, [
    { type: 'Invalid', field: 'spec.replicas', value: replicas, detail: 'must be greater than or equal to 0' },
  ]);
}
function stated(written: Json): { readonly uid: string | undefined; readonly resourceVersion: string | undefined } {
  const metadata = isJsonObject(written) && isJsonObject(written['metadata']) ? written['metadata'] : {};
  const text = (key: string): string | undefined => {
    const value = metadata[key];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  return { uid: text('uid'), resourceVersion: text('resourceVersion') };
}
interface NewReplicas {
  readonly at: readonly string[];
  readonly replicas: number;
  readonly resourceVersion: string | undefined;
}
function withReplicas(old: KubeObject, { at, replicas, resourceVersion }: NewReplicas): KubeObject {
  const changed = applyChange(old, { set: [[at, replicas]] });
  if (resourceVersion === undefined) return changed;
  return { ...changed, metadata: { ...changed.metadata, resourceVersion } };
}
