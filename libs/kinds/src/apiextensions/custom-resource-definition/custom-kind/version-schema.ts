import type { DefinedVersion } from '../schema.js';
import type { JsonSchema } from '../structural/schema.js';

const ANYTHING: JsonSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** The schema of objects of a version. */
export function schemaOf(version: DefinedVersion | undefined): JsonSchema {
  return version?.schema?.openAPIV3Schema ?? ANYTHING;
}
