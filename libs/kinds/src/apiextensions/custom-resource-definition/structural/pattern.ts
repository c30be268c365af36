import { RE2JS } from 're2js';

/** A client's regular expression, which is matched in time linear in the text. */
export interface Pattern {
  /** Whether it matches anywhere in the text. */
  matches(text: string): boolean;
}

/** A pattern is at most so long: the engine needs memory for each of its parts. */
const LENGTH_MAX = 16_384;
const REMEMBERED = 1000;
const compiled = new Map<string, Pattern | string>();

/** The compiled pattern, or why it is none. */
export function compilePattern(source: string): Pattern | string {
  let known = compiled.get(source);
  if (known === undefined) {
    if (compiled.size >= REMEMBERED) compiled.clear();
    compiled.set(source, (known = compile(source)));
  }
  return known;
}

function compile(source: string): Pattern | string {
  if (source.length > LENGTH_MAX) return 'error parsing regexp: expression is too large';
  try {
    const expression = RE2JS.compile(source);
    return { matches: (text) => expression.matcher(text).find() };
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}
