import {
  admitUnstored,
  applyDefaults,
  decode,
  isQuestions,
  plainVersion,
  type AdmissionNotes,
  type Command,
  type DecideContext,
  type KubeObject,
  type ObjectType,
  type Refusal,
  type Subresource,
  type Unstored,
  type View,
} from '#model';
import { isJsonObject, type JsonObject } from '#std';

const NOTHING: AdmissionNotes = { warnings: [], auditAnnotations: {}, answers: [] };

/** What admission says of a subresource that is created and answered but never stored. Reviews are exempt, as in Kubernetes. */
export function creationAdmission(command: Command, view: View, context: DecideContext): AdmissionNotes | Refusal {
  const part = context.kind.subresources.find(({ name }) => name === command.subresource);
  if (part === undefined) return NOTHING;
  const { group, version } = context.kind.names;
  const spoken = versionOf(part, group, version);
  const { namespace, name, body } = command;
  const given = isJsonObject(body) ? read(part, body) : {};
  const metadata = { ...(given['metadata'] as JsonObject | undefined), name, ...(namespace && { namespace }) };
  const taken = { ...given, apiVersion: spoken.apiVersion, kind: spoken.kind, metadata } as unknown as KubeObject;
  return said(command, view, { spoken, taken, context });
}

/** With the defaults of its schema; that it can be read was found out before. */
function read({ schema }: Subresource, body: JsonObject): JsonObject {
  if (!schema) return body;
  return applyDefaults(schema, decode(schema as ObjectType<KubeObject>, body).value) as unknown as JsonObject;
}

function said(
  command: Command,
  view: View,
  unstored: Unstored & { readonly context: DecideContext },
): AdmissionNotes | Refusal {
  const verdict = admitUnstored(command, view, unstored);
  // Whoever must be asked from outside is not asked here, so the request is not let in.
  return isQuestions(verdict) ? NOT_ASKED : verdict;
}

const NOT_ASKED: Refusal = {
  ...{ refused: true, code: 500, reason: 'InternalError' },
  message: 'an admission webhook matches this request; webhooks are not asked about requests that store nothing',
};

const ANY: ObjectType<unknown> = { is: 'object', name: '', doc: '', fields: {}, options: { preserveUnknown: true } };

function versionOf(part: Subresource, group: string, version: string): Unstored['spoken'] {
  return plainVersion(part.kind, part.group ?? group, part.version ?? version, part.schema ?? ANY);
}
