import { Conversions } from '../conversion.js';
import { isServed, isUndecided, type Decided } from '../decided.js';
import type { AdmissionNotes, AdmissionOperation, AdmissionPlugin, Admitted, Mutated } from '../kind.js';
import type { KubeObject } from '../kube-object.js';
import { isQuestions, NO_ANSWERS, type Questions } from '../question.js';
import { isRefusal, type Refusal } from '../refusal.js';
import type { Request } from './request.js';
import type { Spoken } from './served.js';
import { formIn, ownForm } from './spoken-form.js';

export type { AdmissionNotes, AdmissionOperation, AdmissionPlugin, Admitted, Mutated };

const NO_NOTES: AdmissionNotes = { warnings: [], auditAnnotations: {}, answers: [] };

/** What came of the mutating plugins. */
export interface Admission {
  readonly object: KubeObject;
  readonly notes: AdmissionNotes;
}

/** Runs the mutating plugins in order; a second time when one of them changed what those before it had seen. */
export function mutateAll(plugins: readonly AdmissionPlugin[], request: Admitted): Admission | Refusal | Questions {
  const first = mutateOnce(plugins, request, undefined);
  if (isUndecided(first)) return first;
  if (!first.runsAgain) return first;
  const second = mutateOnce(plugins, { ...request, object: first.object }, first.again);
  return isUndecided(second)
    ? withNotes(second, first.notes)
    : { ...second, notes: bothNotes(first.notes, second.notes) };
}

interface Run extends Admission {
  readonly again: ReadonlyMap<AdmissionPlugin, unknown>;
  readonly runsAgain: boolean;
}
function mutateOnce(
  plugins: readonly AdmissionPlugin[],
  request: Admitted,
  before: Run['again'] | undefined,
): Run | Refusal | Questions {
  let { object } = request;
  let notes = NO_NOTES;
  let runsAgain = false;
  const again = new Map<AdmissionPlugin, unknown>();
  for (const plugin of plugins) {
    if (!plugin.mutate) continue;
    const isFirst = before === undefined && object === request.object;
    const result = plugin.mutate(
      isFirst ? request : { ...request, object, ...(before && { again: before.get(plugin) ?? null }) },
    );
    if (isUndecided(result)) return withNotes(result, notes);
    if (!isMutated(result)) object = result;
    else {
      object = result.mutated;
      notes = bothNotes(notes, result);
      again.set(plugin, result.again);
      runsAgain ||= result.runsAgain === true;
    }
  }
  return { object, notes, again, runsAgain };
}

/** Runs the validating plugins in order. */
export function validateAll(
  plugins: readonly AdmissionPlugin[],
  request: Admitted,
): AdmissionNotes | Refusal | Questions {
  let notes = NO_NOTES;
  for (const plugin of plugins) {
    const result = plugin.validate?.(request);
    if (result === undefined) continue;
    if (isUndecided(result)) return withNotes(result, notes);
    notes = bothNotes(notes, result);
  }
  return notes;
}

/** Notes of the validating plugins after the warnings of the kind itself. */
export function afterWarnings(warnings: readonly string[], notes: AdmissionNotes): AdmissionNotes {
  return warnings.length === 0 ? notes : { ...notes, warnings: [...warnings, ...notes.warnings] };
}

/** A decision with what admission adds to it; its warnings come first. */
export function noted(decided: Decided, notes: AdmissionNotes): Decided {
  if (isRefusal(decided) || isQuestions(decided)) return withNotes(decided, notes);
  if (notes === NO_NOTES) return decided;
  const { warnings, auditAnnotations, answers } = bothNotes(notes, decided);
  return {
    ...decided,
    warnings,
    ...(Object.keys(auditAnnotations).length > 0 && { auditAnnotations }),
    ...(!isServed(decided) && answers.length > 0 && { answers }),
  };
}

function withNotes<T extends Refusal | Questions>(undecided: T, notes: AdmissionNotes): T {
  // The decision is made anew with the answers, and its notes with it.
  if (!isRefusal(undecided) || notes === NO_NOTES) return undecided;
  const { warnings, auditAnnotations } = bothNotes(notes, undecided);
  return {
    ...undecided,
    ...(warnings.length > 0 && { warnings }),
    ...(Object.keys(auditAnnotations).length > 0 && { auditAnnotations }),
  };
}

export function bothNotes(one: AdmissionNotes, other: Partial<AdmissionNotes>): AdmissionNotes {
  const { warnings = [], auditAnnotations, answers = [] } = other;
  if (warnings.length === 0 && auditAnnotations === undefined && answers.length === 0) return one;
  return {
    warnings: [...one.warnings, ...warnings],
    auditAnnotations: { ...one.auditAnnotations, ...auditAnnotations },
    answers: [...one.answers, ...answers],
  };
}

/** An object of a client may have a field of this name; it has an apiVersion, too. */
function isMutated(result: KubeObject | Mutated): result is Mutated {
  return !('apiVersion' in result);
}

/**
 * Admission of what a subresource takes and is no form of the object itself: a Binding, an Eviction. `decide` gets it as the
 * mutating plugins left it.
 */
export function admitSubresource(
  request: Request,
  spoken: Spoken,
  { taken, decide }: { readonly taken: KubeObject; readonly decide: (taken: KubeObject) => Decided },
): Decided {
  const own: Request = { ...request, old: undefined, form: formIn({ ...request, strategy: {} }, spoken) };
  const admission = mutateAll(request.plugins, admitted(own, 'CREATE', taken, undefined));
  if (isUndecided(admission)) return admission;
  const verdict = validateAll(request.plugins, admitted(own, 'CREATE', admission.object, undefined));
  return noted(isUndecided(verdict) ? verdict : noted(decide(admission.object), verdict), admission.notes);
}

/** A request as admission looks at it. */
export function admitted(
  request: Request,
  operation: AdmissionOperation,
  object: KubeObject,
  old: KubeObject | undefined,
): Admitted {
  const { decideContext, form = ownForm(request), view } = request;
  const { answers = NO_ANSWERS, conversions = new Conversions({ view, seed: '', answers }) } = decideContext;
  return { ...request, operation, object, old, form, answers, conversions };
}
