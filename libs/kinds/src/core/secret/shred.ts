import {
  aboutOf,
  isRefusal,
  plainVersion,
  readSubresource,
  refusals,
  VALUES_SHREDDED,
  warned,
  type Decided,
  type DecidedEvent,
  type KubeObject,
  type Request,
  type ValuesShreddedData,
} from '#model';
import type { JsonObject } from '#std';
import { shredding, type Shredding } from './shredding.schema.js';

/**
 * POST to `secrets/<name>/shred`: forgets values that can be read in the past only. Those of the name's deleted Secrets, or
 * with `versions` those that a Secret had before the ones that it has.
 */
export function decideShred(request: Request): Decided {
  const read = readSubresource(request, plainVersion('Shredding', '', 'v1', shredding));
  if (isRefusal(read)) return read;
  const isOfVersions = (read.object as unknown as Shredding).versions === true;
  return warned(isOfVersions ? shredVersions(request) : shredDeleted(request), read);
}

/** The present values are sealed anew, so that no key of an older version is needed any more. */
function shredVersions(request: Request): Decided {
  const { old, command } = request;
  if (old === undefined) return refusals.notFound(aboutOf(request, command.name));
  return decided(request, old, { snapshot: old, uid: old.metadata.uid }, false);
}

function shredDeleted(request: Request): Decided {
  const { old, command, kind } = request;
  const facts = command.event?.facts as Pick<ValuesShreddedData, 'shredded'> | undefined;
  const shredded = facts?.shredded ?? [];
  const last = shredded.at(-1);
  if (last !== undefined) {
    const { namespace, name } = command;
    const { group, version, kind: kindName } = kind.names;
    const gone: KubeObject = {
      apiVersion: group ? `${group}/${version}` : version,
      kind: kindName,
      metadata: { name, ...(namespace !== undefined && { namespace }), uid: last },
    };
    return decided(request, old ?? gone, { uid: old?.metadata.uid ?? last, shredded }, old === undefined);
  }
  if (old === undefined) return refusals.notFound(aboutOf(request, command.name));
  return refusals.conflict(
    aboutOf(request, command.name),
    'it was not deleted, and no deleted one of its name has values left: delete it first, or ask for "versions" to forget the values that it had before',
  );
}

function decided(request: Request, object: KubeObject, data: ValuesShreddedData, isGone: boolean): DecidedEvent {
  const response: JsonObject = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
  const isDry = request.command.options.dryRun === true;
  return {
    event: isDry ? undefined : { type: VALUES_SHREDDED, data: data as unknown as JsonObject },
    object,
    created: false,
    deleted: isGone,
    warnings: [],
    name: object.metadata.name,
    response,
  };
}
