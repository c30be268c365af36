import { trackUpdate as track, type WriteContext } from '#meta';
import type { Json, JsonObject } from '#std';
import type { KubeObject, ObjectMeta } from '../kube-object.js';
import { hasStatus, type Request } from './request.js';
import { apiVersionOf, spokenVersion } from './served.js';

const NONE: readonly (readonly string[])[] = [];
const STATUS = [['status']];
const SPEC = [['spec']];

/** What ownership of fields is counted in: the version and subresource that the client speaks. */
export function writeContext(request: Request): WriteContext {
  const { spoken, subresource, strategy } = request;
  const plain = subresource === 'status' ? SPEC : hasStatus(request) ? STATUS : NONE;
  return {
    shape: spoken.schema,
    apiVersion: spoken.apiVersion,
    subresource,
    ignore: strategy.unowned?.[subresource ?? ''] ?? plain,
    convert: (object, from, to) => convert(request, object, from, to),
  };
}

function convert(request: Request, object: JsonObject, from: string, to: string) {
  const { kind, spoken } = request;
  const { group, version } = kind.names;
  // Owners in another group's version are strangers: events of the core and of events.k8s.io do not conflict.
  const versions = [{ group, version }, ...kind.served].filter((served) => served.group === spoken.group);
  const isServed = versions.some((served) => apiVersionOf(served.group, served.version) === to);
  if (!isServed) return undefined;
  const target = spokenVersion(kind, to);
  const stored = spokenVersion(kind, from).toStored(object as unknown as KubeObject);
  return { object: target.toServed(stored) as unknown as JsonObject, shape: target.schema };
}

/** Who owns which field, after a creation. */
export function trackCreate(request: Request, object: KubeObject): KubeObject {
  return tracked(request, object, undefined);
}
/** Who owns which field, after a write that is no apply. */
export function trackUpdate(request: Request, object: KubeObject, old: KubeObject): KubeObject {
  return tracked(request, object, old);
}

function tracked(request: Request, object: KubeObject, old: KubeObject | undefined): KubeObject {
  const { spoken, command, now } = request;
  const after = spoken.asWritten(object) as unknown as JsonObject;
  const before = old && (spoken.toServed(old) as unknown as JsonObject);
  const manager = command.options.fieldManager ?? command.via;
  // Nobody owns fields that cannot be told apart: Kubernetes forgets all owners then.
  if (!isTyped(request, object, old)) return withManagedFields(object, undefined);
  const written = track({ ...writeContext(request), before, after, manager, now });
  const { managedFields } = (written as unknown as KubeObject).metadata;
  return withManagedFields(object, managedFields);
}

/** Whether an object has the types of the version that is spoken, and of those in which others own fields of it. */
function isTyped({ spoken, kind }: Request, object: KubeObject, old: KubeObject | undefined): boolean {
  if (!kind.isCustom) return true;
  const versions = new Set((old?.metadata.managedFields ?? []).map(({ apiVersion }) => apiVersion));
  const shapes = kind.served
    // What a server outside converts has the fields of one version alone.
    .filter(({ conversion, group, version }) => !conversion && versions.has(apiVersionOf(group, version)))
    .map(({ schema }) => schema);
  return [spoken.schema, ...shapes].every(({ options }) => options.custom?.isTyped(object as unknown as Json) ?? true);
}

export function withManagedFields<T extends KubeObject>(object: T, managedFields: ObjectMeta['managedFields']): T {
  if (object.metadata.managedFields === managedFields) return object;
  const { managedFields: _before, ...metadata } = object.metadata;
  return { ...object, metadata: managedFields === undefined ? metadata : { ...metadata, managedFields } };
}
