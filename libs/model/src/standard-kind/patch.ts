import type { JsonObject } from '#std';
import type { Decided } from '../kind.js';
import type { KubeObject } from '../kube-object.js';
import { isRefusal, refusals, type Refusal } from '../refusal.js';
import { decideApply } from './apply.js';
import { readPatched, warned } from './body.js';
import { defaulted, wrongPlace } from './create.js';
import { patchedDocument } from './patch-document.js';
import { aboutOf, type Request } from './request.js';
import { updateObject, wrongName } from './update.js';
import { withResourceVersion } from './fold.js';

/** PATCH of an object or of its status. */
export function decidePatch(request: Request): Decided {
  const { command, old } = request;
  if (command.patchType === 'apply') return decideApply(request);
  if (old === undefined) return refusals.notFound(aboutOf(request, command.name));
  const read = readPatch(request, old);
  if (isRefusal(read)) return read;
  const misnamed = wrongName(request, read.object) ?? wrongPlace(request, read.object);
  return warned(misnamed ?? updateObject(request, read.object, old), read);
}

function readPatch(request: Request, old: KubeObject): { object: KubeObject; warnings: readonly string[] } | Refusal {
  const served = request.spoken.toServed(withResourceVersion(old, request.oldVersion ?? ''));
  // Messages tell the parts of a JSON patch's document apart by what they are; in a view equal parts are one.
  const document = request.command.patchType === 'json' ? copyOf(served) : served;
  const patched = patchedDocument(request.command, document as unknown as JsonObject, request.spoken.schema);
  if (isRefusal(patched)) return patched;
  const read = readPatched(patched, document as unknown as JsonObject, request);
  if (isRefusal(read)) return read;
  return { object: defaulted(request, read.object, false), warnings: read.warnings };
}

function copyOf<T extends object>(object: T): T {
  return JSON.parse(JSON.stringify(object)) as T;
}
