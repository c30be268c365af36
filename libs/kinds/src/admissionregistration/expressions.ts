import { compile, isCompileError, typeText, type Compiled, type Environment, type Type } from '#cel';
import { duplicate, invalid, qualifiedName, required } from '#meta';
import { each, items, type Problems } from '../validation/checks.js';
import type { MatchCondition } from './match.schema.js';

const CONDITIONS_MAX = 64;

/** Compiles an expression that must give one of these types exactly; the text is the detail of the problem. */
export function compiledAs(source: string, environment: Environment, types: readonly Type[]): Compiled | string {
  const program = compile(source, environment);
  if (isCompileError(program)) return `compilation failed: ${program.message}`;
  if (types.length === 0) return program;
  const given = outputText(program.type);
  const expected = types.map(outputText);
  if (expected.includes(given)) return program;
  const wanted = expected.length === 1 ? expected[0] : `one of [${expected.join(' ')}]`;
  return `must evaluate to ${wanted} but got ${given}`;
}

/** What is wrong with an expression, under the text by which it is shown. */
export function expressionProblems(field: string, shown: string, outcome: Compiled | string | undefined): Problems {
  return typeof outcome === 'string' ? [invalid(field, shown, outcome)] : [];
}

/** cel-go names the type of a whole expression by its wire name, unlike the types in its errors. */
function outputText(type: Type): string {
  switch (type.kind) {
    case 'null':
      return 'null_type';
    case 'timestamp':
      return 'google.protobuf.Timestamp';
    case 'duration':
      return 'google.protobuf.Duration';
    default:
      return typeText(type);
  }
}

/** Conditions of webhooks and policies: names are unique, expressions give a bool. */
export function validateMatchConditions(
  field: string,
  conditions: readonly MatchCondition[] | null | undefined,
  compiled: (expression: string) => Compiled | string | undefined,
): Problems {
  const list = items(conditions);
  const names = new Set<string>();
  const count: Problems =
    list.length > CONDITIONS_MAX
      ? [{ type: 'TooMany', field, value: list.length, detail: `must have at most ${CONDITIONS_MAX} items` }]
      : [];
  return [
    ...count,
    // More than these are refused whatever they say, so their expressions are not compiled.
    ...list.slice(0, CONDITIONS_MAX + 1).flatMap(({ name, expression }, i) => {
      const place = `${field}[${i}]`;
      const trimmed = expression.trim();
      const isTwice = name !== '' && names.has(name);
      names.add(name);
      return [
        ...(trimmed === ''
          ? [required(`${place}.expression`)]
          : expressionProblems(`${place}.expression`, trimmed, compiled(trimmed))),
        ...(name === '' ? [required(`${place}.name`)] : each(`${place}.name`, name, qualifiedName(name))),
        ...(isTwice ? [duplicate(`${place}.name`, name)] : []),
      ];
    }),
  ];
}
