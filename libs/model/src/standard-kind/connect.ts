import type { JsonObject } from '#std';
import type { Command } from '../command.js';
import { Conversions } from '../conversion.js';
import { isUndecided, type AdmissionNotes, type DecideContext, type KindRegistry, type SpokenForm } from '../kind.js';
import type { KubeObject } from '../kube-object.js';
import { NO_ANSWERS, type Questions } from '../question.js';
import { refusals, type Refusal } from '../refusal.js';
import type { View } from '../view.js';
import { admitted, bothNotes, mutateAll, validateAll } from './admission.js';
import { requestOf } from './request.js';

/**
 * Admission of a connection to a subresource (exec, attach, portforward, proxy), which is no write. The body of the command are
 * the options of the connection, a `PodExecOptions`; nothing can change them.
 */
export function admitConnection(
  registry: KindRegistry,
  command: Command,
  view: View,
  given: Pick<DecideContext, 'now' | 'uid' | 'answers'>,
): AdmissionNotes | Refusal | Questions {
  const kinds = registry.at(view);
  const kind = kinds.byId(command.kind);
  if (kind === undefined)
    return refusals.notFound({ group: '', resource: command.kind, kind: command.kind, name: command.name });
  const options = { ...(command.body as JsonObject), metadata: { name: command.name } } as unknown as KubeObject;
  const { answers = NO_ANSWERS } = given;
  const conversions = new Conversions({ view, seed: `${command.correlationId} ${given.uid}`, answers });
  const context = { ...given, kind, kinds, conversions };
  const request = { ...requestOf(command, undefined, view, context, {}), form: optionsForm(options) };
  return conversions.decide(() => {
    const connection = admitted(request, 'CONNECT', options, undefined);
    const admission = mutateAll(request.plugins, connection);
    if (isUndecided(admission)) return admission;
    const verdict = validateAll(request.plugins, connection);
    return isUndecided(verdict) ? verdict : bothNotes(admission.notes, verdict);
  });
}

/** Options of a connection have no metadata. */
function optionsForm({ kind }: KubeObject): SpokenForm {
  return {
    ...{ group: '', version: 'v1', kind },
    show: ({ metadata: _metadata, ...options }) => options as unknown as JsonObject,
    take: (_shown, object) => object,
  };
}
