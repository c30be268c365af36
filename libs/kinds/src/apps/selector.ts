import { invalid, labelMatcher } from '#meta';
import type { Problem } from '#model';
import type { LabelSelector } from '../shared/meta.schema.js';
import { selectorValue } from '../shared/validation/labels.js';

/** A selector that cannot be asked at all; the template is then not looked at. */
export function selectorProblem(field: string, selector: LabelSelector | undefined): Problem | undefined {
  if (!selector || labelMatcher(selector).ok) return undefined;
  return invalid(field, selectorValue(selector), 'invalid label selector');
}
