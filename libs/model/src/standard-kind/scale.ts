import { isJsonObject, type Json, type JsonObject } from '#std';
import type { Decided, DecidedEvent } from '../kind.js';
import type { KubeObject } from '../kube-object.js';
import { isRefusal, refusals, type Refusal } from '../refusal.js';
import { decode, type ObjectType } from '../schema/index.js';
import { withResourceVersion } from './fold.js';
import { patchedDocument } from './patch-document.js';
import { aboutOf, type Request } from './request.js';
import { spokenVersion } from './served.js';
import { updateObject } from './update.js';

/** Where a kind keeps what its scale shows. */
export interface ScalePaths {
  /** The selector in words: `app=a,tier in (b,c)`. */
  selector(object: KubeObject): string;
}

/** An object as its Scale. */
export function scaleOf(object: KubeObject, selector: string): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const spec = isJsonObject(object['spec']) ? object['spec'] : {};
  const status = isJsonObject(object['status']) ? object['status'] : {};
  const replicas = Number(spec['replicas'] ?? 0);
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
    status: { replicas: Number(status['replicas'] ?? 0), ...(selector !== '' && { selector }) },
  };
}

/** PUT and PATCH of `/scale`: a change of `spec.replicas` of the object itself. */
export function decideScale(request: Request, paths: ScalePaths): Decided {
  const { command, old } = request;
  if (old === undefined) return refusals.notFound(aboutOf(request, command.name));
  const current = scaleOf(withResourceVersion(old, request.oldVersion ?? ''), paths.selector(old));
  const written = command.verb === 'patch' ? patchedDocument(command, current, scaleSchema(request)) : (command.body ?? null);
  if (isRefusal(written)) return written;
  const replicas = readReplicas(request, written, old);
  if (isRefusal(replicas)) return replicas;
  const { uid, resourceVersion } = stated(written);
  if (uid !== undefined && uid !== old.metadata.uid) {
    const words = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`;
    return refusals.conflict(aboutOf(request, command.name), words);
  }
  const changed = withReplicas(old, replicas, resourceVersion);
  const decided = updateObject({ ...request, spoken: spokenVersion(request.kind, '') }, changed, old, []);
  if (isRefusal(decided)) return decided;
  return { ...decided, response: scaleAfter(decided, request, paths) };
}

/** The kind's own schema serves where no Scale is told: both are merged field by field. */
function scaleSchema(request: Request): ObjectType<unknown> {
  return request.kind.subresources.find((subresource) => subresource.name === 'scale')?.schema ?? request.kind.schema;
}
function scaleAfter(decided: DecidedEvent, request: Request, paths: ScalePaths): JsonObject {
  const version = decided.event === undefined ? (request.oldVersion ?? '') : '';
  const shown = version === '' ? decided.object : withResourceVersion(decided.object, version);
  return scaleOf(shown, paths.selector(decided.object));
}

function readReplicas(request: Request, written: Json, old: KubeObject): number | Refusal {
  const read = decode(scaleSchema(request), written);
  if (read.error !== undefined) {
    return refusals.badRequest(`Scale in version "v1" cannot be handled as a Scale: ${read.error}`);
  }
  const spec = isJsonObject(read.value) && isJsonObject(read.value['spec']) ? read.value['spec'] : {};
  const replicas = Number(spec['replicas'] ?? 0);
  if (replicas >= 0) return replicas;
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
function withReplicas(old: KubeObject, replicas: number, resourceVersion: string | undefined): KubeObject {
  const spec = isJsonObject(old['spec']) ? old['spec'] : {};
  return {
    ...old,
    metadata: { ...old.metadata, ...(resourceVersion !== undefined && { resourceVersion }) },
    spec: { ...spec, replicas },
  };
}
