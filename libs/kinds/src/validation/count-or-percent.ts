import { invalid, percentOf } from '#meta';
import { each, nonNegative, type Problems } from './checks.js';

const PERCENT_WORDS =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

/** A number that is not negative, or a percentage. */
export function countOrPercent(field: string, value: number | string): Problems {
  if (typeof value === 'number') return nonNegative(field, value);
  return percentOf(value) === undefined ? each(field, value, [PERCENT_WORDS]) : [];
}

/** A percentage of at most 100; numbers and other texts pass. */
export function atMostAll(field: string, value: number | string): Problems {
  return (percentOf(value) ?? 0) > 100 ? [invalid(field, value, 'must not be greater than 100%')] : [];
}
