import { RE2JS, RE2JSSyntaxException } from 're2js';
import { CelError, CelList, NO_OVERLOAD, type Result, type Value } from '../values/values.js';
import { matching, overload, type Costs, type Overload } from './overload.js';

/** Patterns that are kept compiled. */
const COMPILED_MAX = 64;
const compiled = new Map<string, RE2JS | CelError>();

/** A pattern of RE2, which matches in linear time; an error when it is none. */
export function pattern(text: string): RE2JS | CelError {
  let known = compiled.get(text);
  if (known === undefined) {
    known = compile(text);
    if (compiled.size >= COMPILED_MAX) compiled.clear();
    compiled.set(text, known);
  }
  return known;
}
function compile(text: string): RE2JS | CelError {
  try {
    return RE2JS.compile(text);
  } catch (cause) {
    if (cause instanceof RE2JSSyntaxException) return new CelError(cause.message);
    // Deep nesting overflows its stack; nothing of such a pattern is worth keeping.
    return new CelError('error parsing regexp: expression nests too deeply');
  }
}

/** Bounded repeats make a program longer than its pattern, and matching takes text times program. */
const MATCHES: Costs = {
  cost: ([text = 0, regex = 0], args) => matching(text, Math.max(regex, args ? programSize(args[1]) : 0)),
};
function programSize(text: Value | undefined): number {
  const regex = typeof text === 'string' ? pattern(text) : undefined;
  return regex === undefined || regex instanceof CelError ? 0 : regex.programSize();
}
const found = (size: (sizes: readonly number[]) => number): Costs => ({ ...MATCHES, size });
const ofText = found(([text = 0]) => text);

export const regularExpressions: readonly Overload[] = [
  overload('matches: (string, string) bool', matches, MATCHES),
  overload('matches: string.(string) bool', matches, MATCHES),
  overload(
    'find: string.(string) string',
    ([text, regex]) => all([text as Value, regex as Value, 1n], (list) => list[0] ?? ''),
    ofText,
  ),
  overload(
    'findAll: string.(string) list(string)',
    ([text, regex]) => all([text as Value, regex as Value, -1n], CelList.of),
    ofText,
  ),
  overload('findAll: string.(string, int) list(string)', (args) => all(args, CelList.of), ofText),
];

function matches([text, regex]: readonly Value[]): Result {
  if (typeof text !== 'string' || typeof regex !== 'string') return NO_OVERLOAD;
  const matcher = pattern(regex);
  return matcher instanceof CelError ? matcher : matcher.test(text);
}
type Make = (found: readonly string[]) => Result;
function all([text, regex, max]: readonly Value[], make: Make): Result {
  if (typeof text !== 'string' || typeof regex !== 'string' || typeof max !== 'bigint') return NO_OVERLOAD;
  const matcher = pattern(regex);
  if (matcher instanceof CelError) return matcher;
  const list: string[] = [];
  const search = matcher.matcher(text);
  while ((max < 0n || BigInt(list.length) < max) && search.find()) list.push(search.group() ?? '');
  return make(list);
}
