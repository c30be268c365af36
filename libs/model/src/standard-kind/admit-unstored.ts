import type { Command } from '../command.js';
import { Conversions } from '../conversion.js';
import { isUndecided, type DecideContext } from '../kind.js';
import type { KubeObject } from '../kube-object.js';
import { NO_ANSWERS, type Questions } from '../question.js';
import type { Refusal } from '../refusal.js';
import type { View } from '../view.js';
import { admitted, validateAll, type AdmissionNotes } from './admission.js';
import { requestOf } from './request.js';
import type { Spoken } from './served.js';
import { formIn } from './spoken-form.js';

/** What is created and answered but never stored: a TokenRequest. */
export interface Unstored {
  readonly spoken: Spoken;
  readonly taken: KubeObject;
}

/** What those plugins say that are also asked about creations that are answered and never stored. Pure. */
export function admitUnstored(
  command: Command,
  view: View,
  { spoken, taken, context }: Unstored & { readonly context: DecideContext },
): AdmissionNotes | Refusal | Questions {
  const conversions = new Conversions({ view, seed: command.correlationId, answers: NO_ANSWERS });
  const request = requestOf(command, undefined, view, { ...context, conversions }, {});
  const own = { ...request, form: formIn(request, spoken) };
  const plugins = own.plugins.filter(({ seesUnstored }) => seesUnstored === true);
  const verdict = conversions.decide(() => validateAll(plugins, admitted(own, 'CREATE', taken, undefined)));
  return isUndecided(verdict) ? verdict : { ...verdict };
}
