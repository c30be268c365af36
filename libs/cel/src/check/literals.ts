import type { CallNode, Expression } from '../syntax/ast.js';
import { walk } from '../syntax/parts.js';
import type { Issue } from '../syntax/source.js';
import { pattern } from '../functions/regex.js';
import { parseDuration, parseTimestamp } from '../values/time.js';
import { CelError } from '../values/values.js';
import { typeText, type Type } from './types.js';
import { isAny, isSameType } from './unify.js';

/** Literals that can be judged before anything is evaluated, by function: a pattern that is none would always fail. */
const CHECKS: ReadonlyMap<string, { readonly argument: number; readonly isWrong: (text: string) => boolean }> = new Map(
  [
    ['matches', { argument: 0, isWrong: (text) => pattern(text) instanceof CelError }],
    ['duration', { argument: 0, isWrong: (text) => parseDuration(text) === undefined }],
    ['timestamp', { argument: 0, isWrong: (text) => parseTimestamp(text) === undefined }],
  ],
);

/** Wrong literals, and lists and maps of mixed types. What is formatted may be mixed. */
export function literalIssues(expression: Expression, types: ReadonlyMap<number, Type>): readonly Issue[] {
  const issues: Issue[] = [];
  walk(expression, (node) => {
    if (node.node === 'call') {
      const issue = callIssue(node);
      if (issue) issues.push(issue);
      return node.name !== 'format';
    }
    if (node.node === 'list')
      issues.push(
        ...mixed(
          node.elements.filter((_, i) => !node.optional.has(i)),
          types,
        ),
      );
    if (node.node === 'map') {
      issues.push(
        ...mixed(
          node.entries.map(({ key }) => key),
          types,
        ),
      );
      issues.push(
        ...mixed(
          node.entries.filter((entry) => !entry.isOptional).map(({ value }) => value),
          types,
        ),
      );
    }
    return true;
  });
  return issues;
}

function callIssue({ name, target, args }: CallNode): Issue | undefined {
  const check = CHECKS.get(name);
  const argument = check && (target || name !== 'matches' ? args[check.argument] : args[1]);
  if (!check || argument?.node !== 'constant' || argument.constant.is !== 'string') return undefined;
  return check.isWrong(argument.constant.value) ? { at: argument.at, message: `invalid ${name} argument` } : undefined;
}

function mixed(elements: readonly Expression[], types: ReadonlyMap<number, Type>): readonly Issue[] {
  const [first, ...rest] = elements;
  const type = first && types.get(first.id);
  if (!type || isAny(type)) return [];
  for (const { id, at } of rest) {
    const other = types.get(id);
    if (!other || isAny(other) || isSameType(type, other) || isPart(type, other)) continue;
    return [{ at, message: `expected type '${typeText(type)}' but found '${typeText(other)}'` }];
  }
  return [];
}
/** Lists of something and of anything do not contradict each other. */
function isPart(a: Type, b: Type): boolean {
  return a.kind === b.kind && typeText(a).includes('dyn') !== typeText(b).includes('dyn');
}
