import { canonical, isJsonObject, jsonEquals, type JsonObject } from '#std';
import type { DecidedEvent } from '../kind.js';
import { CREATED, DELETED, DELETION_REQUESTED, METADATA_CHANGED, SPEC_CHANGED, STATUS_REPORTED } from '../event.js';
import type { KubeObject } from '../kube-object.js';
import { diff, isNoChange, type Change } from './change.js';
import type { Request } from './request.js';

/** The event of an object's beginning. */
export function decidedCreate(request: Request, object: KubeObject): DecidedEvent {
  const stored = canonical(object);
  const special = request.command.event;
  const data = { object: stored, ...special?.facts } as unknown as JsonObject;
  return {
    event: isDry(request) ? undefined : { type: CREATED, data },
    object: stored,
    created: true,
    deleted: false,
    warnings: [],
    name: stored.metadata.name,
  };
}

/** The event of a change: named for the strongest part of it, carrying all of it. Nothing changed: no event. */
export function decidedChange(request: Request, object: KubeObject, old: KubeObject): DecidedEvent {
  const before = request.decideContext.stored ?? old;
  const after = canonical(object);
  const change = meaningful(diff(before, after), before, after);
  const plain = { created: false, deleted: false, warnings: [], name: old.metadata.name };
  if (isNoChange(change)) return { event: undefined, object: before, ...plain };
  if (isDry(request)) return { event: undefined, object: after, ...plain };
  const special = request.command.event ?? request.strategy.eventOf?.(after, before, request);
  const strongest = strongestPart(after, before);
  const type = special !== undefined && strongest !== DELETION_REQUESTED ? special.type : strongest;
  return { event: { type, data: eventData(before, change, special?.facts) }, object: after, ...plain };
}

/** The event of an object's end, with what the last write changed. */
export function decidedDelete(request: Request, last: KubeObject, old: KubeObject): DecidedEvent {
  const before = request.decideContext.stored ?? old;
  const after = canonical(last);
  const data = eventData(before, diff(before, after), request.command.event?.facts);
  return {
    event: isDry(request) ? undefined : { type: DELETED, data },
    object: after,
    created: false,
    deleted: true,
    warnings: [],
    name: old.metadata.name,
  };
}

export function isDry(request: Request): boolean {
  return request.command.options.dryRun === true;
}

function eventData(old: KubeObject, change: Change, facts: JsonObject | undefined): JsonObject {
  return { uid: old.metadata.uid, ...(change as unknown as JsonObject), ...facts };
}

/** A change of nothing but the times of managedFields is none. */
function meaningful(change: Change, old: KubeObject, after: KubeObject): Change {
  const touchesOnlyOwnership =
    !isNoChange(change) && [...(change.set ?? []).map(([path]) => path), ...(change.unset ?? [])].every(isOwnership);
  if (!touchesOnlyOwnership) return change;
  return jsonEquals(withoutTimes(old), withoutTimes(after)) ? {} : change;
}
function isOwnership(path: readonly (string | number)[]): boolean {
  return path[0] === 'metadata' && path[1] === 'managedFields';
}
function withoutTimes(object: KubeObject): unknown {
  return object.metadata.managedFields?.map(({ time: _time, ...entry }) => entry);
}

function strongestPart(after: KubeObject, old: KubeObject): string {
  if (after.metadata.deletionTimestamp !== undefined && old.metadata.deletionTimestamp === undefined)
    return DELETION_REQUESTED;
  const names = new Set([...Object.keys(after), ...Object.keys(old)]);
  for (const name of names) {
    if (name === 'metadata' || name === 'status') continue;
    if (!jsonEquals(after[name], old[name])) return SPEC_CHANGED;
  }
  if (!jsonEquals(userMetadata(after), userMetadata(old))) return METADATA_CHANGED;
  if (isJsonObject(after['status']) || isJsonObject(old['status'])) {
    if (!jsonEquals(after['status'], old['status'])) return STATUS_REPORTED;
  }
  return METADATA_CHANGED;
}
function userMetadata(object: KubeObject): unknown {
  const { managedFields: _managed, generation: _generation, resourceVersion: _version, ...rest } = object.metadata;
  return rest;
}
