import { forbidden, invalid, labelValueProblems, qualifiedName, required } from '#meta';
import type { Problem } from '#model';
import type { FieldSelectorRequirement, LabelSelector, LabelSelectorRequirement } from '../meta.schema.js';
import { each, items, type Problems } from './checks.js';

type Labels = Readonly<Record<string, string>>;

/** Keys and values of labels; every problem is about the map as a whole. */
export function validateLabels(field: string, labels: Labels | undefined): Problems {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...each(field, key, qualifiedName(key)),
    ...each(field, value, labelValueProblems(value)),
  ]);
}
/** Keys of annotations, whatever their case, and how much they hold together. */
export function validateAnnotations(field: string, annotations: Labels | undefined): Problems {
  const entries = Object.entries(annotations ?? {});
  const found = entries.flatMap(([key]) => each(field, key, qualifiedName(key.toLowerCase())));
  const size = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (size <= 256 * 1024) return found;
  return [...found, { type: 'TooLong', field, detail: 'may not be more than 262144 bytes' }];
}

export function validateLabelSelector(field: string, selector: LabelSelector | undefined | null): Problems {
  if (!selector) return [];
  return [
    ...validateLabels(`${field}.matchLabels`, selector.matchLabels),
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
  const found: Problem[] = selector ? [] : [forbidden(field, 'must not be specified when labelSelector is not set')];
  return [...found, ...items(keys).flatMap((key, i) => each(`${field}[${i}]`, key, qualifiedName(key)))];
}
