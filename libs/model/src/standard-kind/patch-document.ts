import { applyJsonPatch, applyMergePatch, applyStrategicMergePatch, type PatchProblem } from '#meta';
import type { Json, JsonObject } from '#std';
import type { Command } from '../command.js';
import type { Refusal } from '../refusal.js';
import type { ObjectType } from '../schema/index.js';

/** The document after a command's patch, or why it cannot be patched so. */
export function patchedDocument(command: Command, document: JsonObject, schema: ObjectType<unknown>): Json | Refusal {
  const patched = byType(command, document, schema);
  return patched.ok ? patched.value : refusalOf(patched.problem);
}

function byType(command: Command, document: JsonObject, schema: ObjectType<unknown>) {
  switch (command.patchType) {
    case 'json':
      return applyJsonPatch(document, command.body);
    case 'strategic':
      return applyStrategicMergePatch(document, command.body, schema);
    default:
      return applyMergePatch(document, command.body);
  }
}

export function refusalOf(problem: PatchProblem): Refusal {
  const { code, reason, message, details } = problem;
  return { refused: true, code, reason, message, ...(details && { details }) };
}
