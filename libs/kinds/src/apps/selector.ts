import { invalid } from '#meta';
import type { Problem, LabelSelector } from '#model';
import { selectorValue, validateLabelSelector } from '../validation/labels.js';

/** A selector that cannot be asked at all; the template is then not looked at. */
export function selectorProblem(field: string, selector: LabelSelector | undefined): Problem | undefined {
  if (!selector || validateLabelSelector(field, selector).length === 0) return undefined;
  return invalid(field, selectorValue(selector), 'invalid label selector');
}
