import { isJsonObject, type Json, type JsonObject } from '#std';
import { refusals, type Refusal } from '../refusal.js';
import { aboutOf, type Request } from './request.js';

/** The document after the command's patch, or why it cannot be patched so. */
export function patchedDocument(request: Request, document: JsonObject): Json | Refusal {
  const { body } = request.command;
  if (!isJsonObject(body)) return refusals.badRequest('error decoding patch: the patch is not an object');
  aboutOf(request, '');
  return merged(document, body);
}
function merged(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const out: Record<string, Json | undefined> = { ...(isJsonObject(target) ? target : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else if (value !== undefined) out[key] = merged(out[key], value);
  }
  return out;
}
