import { byteLength } from './names.js';
import { invalid, tooLong, type MetaProblem } from './problem.js';

export interface ManagedEntryToCheck {
  readonly manager?: string;
  readonly operation?: string;
  readonly fieldsType?: string;
  readonly subresource?: string;
}

const MANAGER_BYTES_MAX = 128;
const SUBRESOURCE_BYTES_MAX = 256;

export function validateManagedFields(
  entries: readonly ManagedEntryToCheck[] | undefined,
  path: string,
): readonly MetaProblem[] {
  return (entries ?? []).flatMap((entry, i) => {
    const at = `${path}[${i}]`;
    const problems: MetaProblem[] = [];
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      problems.push(invalid(`${at}.operation`, entry.operation ?? '', 'must be `Apply` or `Update`'));
    }
    if (entry.fieldsType && entry.fieldsType !== 'FieldsV1') {
      problems.push(invalid(`${at}.fieldsType`, entry.fieldsType, 'must be `FieldsV1`'));
    }
    problems.push(...validateFieldManager(entry.manager ?? '', `${at}.manager`));
    if (byteLength(entry.subresource ?? '') > SUBRESOURCE_BYTES_MAX) {
      problems.push(tooLong(`${at}.subresource`, SUBRESOURCE_BYTES_MAX));
    }
    return problems;
  });
}

/** Also the rule for the query parameter `fieldManager`. */
export function validateFieldManager(manager: string, path: string): readonly MetaProblem[] {
  if (byteLength(manager) > MANAGER_BYTES_MAX) return [tooLong(path, MANAGER_BYTES_MAX)];
  const problems: MetaProblem[] = [];
  let position = 0;
  for (const letter of manager) {
    if (!isPrintable(letter)) {
      const code = (letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
      problems.push(invalid(path, manager, `invalid character U+${code} (at position ${position})`));
    }
    position += byteLength(letter);
  }
  return problems;
}
function isPrintable(letter: string): boolean {
  return letter === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(letter);
}
