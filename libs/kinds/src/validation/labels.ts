import { forbidden, invalid, labelValueProblems, qualifiedName, required, validateLabels } from '#meta';
import type { FieldSelectorRequirement, LabelSelector, LabelSelectorRequirement } from '#model';
import { each, items, type Problems } from './checks.js';

export function validateLabelSelector(field: string, selector: LabelSelector | undefined | null): Problems {
  if (!selector) return [];
  return [
    ...validateLabels(selector.matchLabels, `${field}.matchLabels`),
    ...items(selector.matchExpressions).flatMap((e, i) =>
      labelRequirement(`${field}.matchExpressions[${i}]`, e, KNOWN_ONLY),
    ),
  ];
}

/** Who is only asked about a selector lets operators pass that it does not know: newer clients may know more. */
export interface RequirementOptions {
  readonly unknownOperators: boolean;
}
const KNOWN_ONLY: RequirementOptions = { unknownOperators: false };

/** One condition on a label. */
export function labelRequirement(
  field: string,
  { key, operator, values }: LabelSelectorRequirement,
  options: RequirementOptions,
): Problems {
  return [
    ...operands(field, operator, items(values).length, options),
    ...each(`${field}.key`, key, qualifiedName(key)),
    ...items(values).flatMap((value, i) => each(`${field}.values[${i}]`, value, labelValueProblems(value))),
  ];
}

/** One condition on a field, whose name may be anything. */
export function fieldRequirement(
  field: string,
  { key, operator, values }: FieldSelectorRequirement,
  options: RequirementOptions,
): Problems {
  return [
    ...(key === '' ? [required(`${field}.key`, 'must be specified')] : []),
    ...operands(field, operator, items(values).length, options),
  ];
}

/** How many values an operator of a selector takes. */
export function operands(field: string, operator: string, count: number, options = KNOWN_ONLY): Problems {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return count === 0 ? [required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'")] : [];
    case 'Exists':
    case 'DoesNotExist':
      if (count === 0) return [];
      return [forbidden(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
    default:
      if (options.unknownOperators) return [];
      return [invalid(`${field}.operator`, operator, 'not a valid selector operator')];
  }
}

/** A selector as it is printed in problems: Kubernetes' own order of its parts. */
export function selectorValue(selector: LabelSelector | undefined | null): unknown {
  if (!selector) return null;
  return {
    ...(selector.matchLabels && { matchLabels: selector.matchLabels }),
    ...(items(selector.matchExpressions).length > 0 && {
      matchExpressions: items(selector.matchExpressions).map(({ key, operator, values }) => ({
        key,
        operator,
        ...(items(values).length > 0 && { values }),
      })),
    }),
  };
}

export function isEmptySelector(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length === 0 && items(selector.matchExpressions).length === 0;
}

/** `matchLabelKeys`: label keys that need a selector beside them. */
export function labelKeys(
  field: string,
  keys: readonly string[] | undefined,
  selector: LabelSelector | undefined,
): Problems {
  if (items(keys).length === 0) return [];
  if (!selector) return [forbidden(field, 'must not be specified when labelSelector is not set')];
  return items(keys).flatMap((key, i) => each(`${field}[${i}]`, key, qualifiedName(key)));
}

/** Keys that a selector names, too: with both, nothing more could be chosen. The pod's own labels are in it already. */
export function selectedKeys(
  field: string,
  keys: readonly string[] | undefined,
  selector: LabelSelector | undefined,
): Problems {
  const seen = new Set(Object.keys(selector?.matchLabels ?? {}));
  return items(selector?.matchExpressions).flatMap(({ key }) => {
    const place = items(keys).lastIndexOf(key);
    const isTwice = seen.has(key) && place >= 0;
    seen.add(key);
    return isTwice ? [invalid(`${field}[${place}]`, key, 'exists in both matchLabelKeys and labelSelector')] : [];
  });
}
