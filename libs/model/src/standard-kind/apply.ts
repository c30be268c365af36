import { serverSideApply, type Applied } from '#meta';
import { isJsonObject, type JsonObject } from '#std';
import type { Decided } from '../kind.js';
import type { KubeObject } from '../kube-object.js';
import { isRefusal, refusals, type Refusal } from '../refusal.js';
import { readPatched, warned } from './body.js';
import { createObject, defaulted, wrongPlace } from './create.js';
import { withResourceVersion } from './fold.js';
import { writeContext } from './ownership.js';
import { refusalOf } from './patch-document.js';
import { aboutOf, type Request } from './request.js';
import type { Spoken } from './served.js';
import { updateObject, wrongName } from './update.js';

/** PATCH by a configuration that its manager owns: server-side apply. */
export function decideApply(request: Request): Decided {
  const { command, old } = request;
  if (old === undefined && request.subresource !== undefined) return refusals.notFound(aboutOf(request, command.name));
  const body = appliedBody(request, request.spoken);
  if (isRefusal(body)) return body;
  const live =
    old && (request.spoken.toServed(withResourceVersion(old, request.oldVersion ?? '')) as unknown as JsonObject);
  const applied = serverSideApply({
    ...writeContext(request),
    live,
    applied: body,
    manager: command.options.fieldManager ?? command.via,
    force: command.options.force === true,
    now: request.now,
  });
  const merged = mergedObject(applied);
  if (isRefusal(merged)) return merged;
  const read = readPatched(merged, live ?? {}, request);
  if (isRefusal(read)) return read;
  return warned(carryOut(request, defaulted(request, read.object, old === undefined)), read);
}

function carryOut(request: Request, object: KubeObject): Decided {
  const { command, old } = request;
  if (old === undefined && object.metadata.uid) {
    const why = `uid mismatch: the provided object specified uid ${object.metadata.uid}, and no existing object was found`;
    return refusals.conflict(aboutOf(request, command.name), why);
  }
  const misplaced = wrongName(request, object) ?? wrongPlace(request, object);
  if (misplaced) return misplaced;
  if (old !== undefined) return updateObject(request, object, old, 'tracked');
  if (command.options.mayCreate === false) return refusals.notFound(aboutOf(request, command.name));
  return createObject(request, object);
}

/** The configuration, which must say what it is. */
export function appliedBody(request: Request, spoken: Spoken): JsonObject | Refusal {
  const body = isJsonObject(request.command.body) ? request.command.body : {};
  const text = (key: string): string => (typeof body[key] === 'string' ? (body[key] as string) : '');
  const [apiVersion, kind] = [text('apiVersion'), text('kind')];
  if (apiVersion === spoken.apiVersion && kind === spoken.kind) return body;
  return refusals.badRequest(
    `invalid object type: ${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`,
  );
}

/** What is to be stored, or the refusal: a conflict names each field with its owner. */
export function mergedObject(applied: Applied): JsonObject | Refusal {
  if (applied.problem !== undefined) return refusalOf(applied.problem);
  if (applied.conflicts === undefined) return applied.object;
  return { refused: true, ...applied.conflicts };
}
