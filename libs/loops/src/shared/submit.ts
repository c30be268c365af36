import type { Json, JsonObject } from '#std';
import { streamOf, type KindRef, type KubeObject, type LoopCommand, type Submit } from '#model';

export interface Reason {
  readonly because: string;
  /**
   * Streams that the decision was made from. What follows on a submit may name a stream that this writes: it rests on that write. One that
   * another submit of the same look writes must not be here.
   */
  readonly basedOn?: readonly string[];
  readonly event?: LoopCommand['event'];
  readonly then?: readonly Submit[];
}

/** The stream of an object of this kind. */
export function streamOfObject(ref: KindRef, object: KubeObject): string {
  return streamOf(ref.id, object.metadata.namespace, object.metadata.name);
}

/** Creates the object as given, under the uid that its metadata names. */
export function create(ref: KindRef, object: Manifest, reason: Reason): Submit {
  const { uid, ...metadata } = object.metadata;
  return submit(reason, {
    verb: 'create',
    ...target(ref, object),
    ...(uid !== undefined && { uid }),
    body: { ...object, metadata } as unknown as Json,
  });
}
/** An object to be created: its uid is optional and derived from its owner where it has one. */
export type Manifest = Omit<KubeObject, 'metadata'> & {
  readonly apiVersion: string;
  readonly metadata: Omit<KubeObject['metadata'], 'uid'> & { readonly uid?: string };
};

export interface PatchReason extends Reason {
  readonly subresource?: string;
}
/** A merge patch of an object that was looked at. */
export function patch(ref: KindRef, object: KubeObject, body: JsonObject, reason: PatchReason): Submit {
  return submit(reason, {
    verb: 'patch',
    ...target(ref, object),
    ...(reason.subresource !== undefined && { subresource: reason.subresource }),
    patchType: 'merge',
    body,
  });
}

export interface RemoveReason extends Reason {
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
}
/** Deletes the very object that was looked at, not another one of its name. */
export function remove(ref: KindRef, object: KubeObject, reason: RemoveReason): Submit {
  const { propagationPolicy, gracePeriodSeconds } = reason;
  return submit(reason, {
    verb: 'delete',
    ...target(ref, object),
    body: {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid: object.metadata.uid },
      ...(propagationPolicy !== undefined && { propagationPolicy }),
      ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    },
  });
}

function target(ref: KindRef, object: Manifest): Pick<LoopCommand, 'kind' | 'namespace' | 'name' | 'apiVersion'> {
  const { namespace, name } = object.metadata;
  return { kind: ref.id, ...(namespace !== undefined && { namespace }), name, apiVersion: object.apiVersion };
}

function submit(reason: Reason, command: LoopCommand): Submit {
  const { because, basedOn, event, then } = reason;
  return {
    is: 'submit',
    command: event ? { ...command, event } : command,
    because,
    ...(basedOn && { basedOn }),
    ...(then && then.length > 0 && { then }),
  };
}
