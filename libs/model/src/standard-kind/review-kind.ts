import type { Kind } from '../kind.js';
import type { KubeObject } from '../kube-object.js';
import { isRefusal, refusals, type Problem, type Refusal } from '../refusal.js';
import { requestOf } from './request.js';
import { standardKind, type StandardKind } from './standard-kind.js';
import { decideVirtual, type VirtualContext, type VirtualRules } from './virtual.js';

/** What a review's folder says. */
export interface ReviewKind<T extends KubeObject>
  extends Pick<StandardKind<T>, 'names' | 'schema' | 'sealed'>, Pick<VirtualRules<T>, 'answer'> {
  /** What is wrong with the review. */
  check?(review: T, context: VirtualContext): Refusal | readonly Problem[];
}

/** A kind that is created and answered but never stored. */
export function reviewKind<T extends KubeObject>({ names, schema, sealed = [], ...own }: ReviewKind<T>): Kind<T> {
  const rules: VirtualRules<T> = {
    check: (review, context) => {
      const wrong = own.check?.(review, context) ?? [];
      if (isRefusal(wrong)) return wrong;
      return wrong.length > 0 ? invalid(names.group, wrong) : undefined;
    },
    answer: own.answer,
  };
  return {
    ...standardKind<T>({ names, schema, sealed, columns: [], verbs: ['create'] }),
    isVirtual: true,
    decide: (command, state, view, context) => decideVirtual(requestOf(command, state, view, context, {}), rules),
  };
}

/** The genuine server checks reviews in its inner form, which has forgotten its kind. */
function invalid(group: string, problems: readonly Problem[]): Refusal {
  return refusals.invalid({ group, resource: '', kind: '', name: '' }, problems);
}
