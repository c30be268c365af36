import { describe, expect, test } from '@jest/globals';
import { isJsonObject, type Json } from '#std';
import { admissionEnvironment, CelList, compile, DYN, evaluate, isCompileError, type Type } from './index.js';
import { recorded } from './testing/recordings.js';

interface Refused {
  readonly expression: string;
  readonly message: string;
  readonly variables: ReadonlyMap<string, Type>;
  readonly hasVariables: boolean;
}
const ERROR = /Invalid value: "((?:[^"\\]|\\.)*)": compilation failed: (ERROR:[^]*)$/;

/** Each error of compiling that a genuine server answered. */
function refused(name: string): readonly Refused[] {
  return recorded(name).flatMap(({ do: { body }, answer }): readonly Refused[] => {
    const spec = isJsonObject(body) && isJsonObject(body['spec']) ? body['spec'] : {};
    const declared = ((spec['variables'] ?? []) as readonly Json[]).map((one) => (isJsonObject(one) ? one : {}));
    const causes = answer?.body?.details?.causes?.map((cause) => `${cause.field}: ${cause.message}`) ?? [];
    const texts = causes.length > 0 ? causes : [answer?.body?.message ?? ''];
    return texts.flatMap((text) => {
      const [, quoted = '', message] = ERROR.exec(text) ?? [];
      // A variable is known to what comes after it.
      const own = /spec\.variables\[(\d+)\]/.exec(text)?.[1];
      const before = declared.slice(0, own === undefined ? undefined : Number(own));
      const types = before.flatMap(({ name: key, expression }): [string, Type][] => {
        const outcome = compile(String(expression), admissionEnvironment({ variables: new Map() }));
        return isCompileError(outcome) ? [] : [[String(key), outcome.type]];
      });
      if (message === undefined) return [];
      const variables = new Map(types);
      const hasVariables = declared.length > 0 && !text.includes('matchConditions');
      return [{ expression: JSON.parse(`"${quoted}"`) as string, message, variables, hasVariables }];
    });
  });
}

describe.each([
  'policies-object-spec',
  'policies-cel-kubernetes',
  'admissionregistration-v1-validatingadmissionpolicies-broken',
])('%s', (name) => {
  const all = [...new Map(refused(name).map((one) => [one.expression.slice(0, 100), one])).values()];
  test.each(all.map((one) => [one.expression.slice(0, 80), one] as const))('%s', (_text, one) => {
    const hasAuthorizer = !one.message.includes("undeclared reference to 'authorizer'");
    const options = { hasAuthorizer, ...(one.hasVariables && { variables: one.variables }) };
    const outcome = compile(one.expression, admissionEnvironment(options));
    expect(isCompileError(outcome) && outcome.message).toBe(one.message);
  });
  test('there are cases', () => expect(all.length).toBeGreaterThan(0));
});

function deepMacros(depth: number): string {
  return depth === 0 ? 'true' : `a.all(x, ${deepMacros(depth - 1)})`;
}
function deepFilters(depth: number): string {
  return depth === 0 ? 'true' : `a.filter(x, ${deepFilters(depth - 1)}).size() > 0`;
}
/** Each argument is a chain as long as it may be. */
function chains(depth: number): string {
  return depth === 0 ? 'a' : `a${'.b'.repeat(200 - depth)}.map(x, ${chains(depth - 1)})`;
}

describe('hostile texts', () => {
  const environment = { variables: new Map([['a', DYN]]) };
  const deep = 20_000;
  test.each([
    ['brackets', '('.repeat(deep) + '1' + ')'.repeat(deep)],
    ['lists', '['.repeat(deep) + ']'.repeat(deep)],
    ['maps', '{1:'.repeat(deep) + '1' + '}'.repeat(deep)],
    ['fields', `a${'.b'.repeat(deep)}`],
    ['indexes', `a${'[0]'.repeat(deep)}`],
    ['sums', `1${'+1'.repeat(deep)}`],
    ['relations', `1${'<1'.repeat(deep)}`],
    ['conditions', `a${'?a:a'.repeat(deep)}`],
    ['calls', 'size('.repeat(deep) + 'a' + ')'.repeat(deep)],
    ['macros', `a${'.map(x,x)'.repeat(9_000)}`],
    ['a long text', `'${'x'.repeat(200_000)}'`],
    ['an open text', `'${'x'.repeat(90_000)}`],
    ['open triple quotes', `'''${"\\''".repeat(30_000)}`],
    ['backslashes', `'${'\\'.repeat(90_000)}`],
    ['an odd character', `a ${'#'.repeat(90_000)}`],
    ['chains in chains', chains(60)],
    ['types that double', `[1]${Array.from({ length: 200 }, (_, i) => `.map(v${i}, {v${i}: v${i}})`).join('')}`],
    ['nothing', ''],
  ])('%s are refused', (_what, source) => {
    const outcome = compile(source, environment);
    expect(isCompileError(outcome) && outcome.message).toMatch(/^ERROR: <input>:1:/);
  });

  test.each([
    ['a long chain of conditions', Array(9_000).fill('a').join(' && ')],
    ['many signs', `${'-'.repeat(90_000)}1`],
    ['a list of empty lists', `[${Array(20_000).fill('[]').join(',')}]`],
    ['deep macros', deepMacros(200)],
    ['the deepest tree', deepFilters(240)],
    ['a long list', `[${Array(20_000).fill('1').join(',')}]`],
  ])('%s is an expression', (_what, source) => {
    const outcome = compile(source, environment);
    if (isCompileError(outcome)) throw new Error(outcome.message.slice(0, 500));
    expect(['value', 'error']).toContain(evaluate(outcome, () => CelList.of([true])).is);
  });

  test('chained macros are not evaluated more than once', () => {
    const chain = (n: number): string => `optional.of(a)${'.optMap(x, x)'.repeat(n)}.hasValue()`;
    const size = (source: string): number => {
      const outcome = compile(source, environment);
      return isCompileError(outcome) ? NaN : outcome.checked.types.size;
    };
    expect(size(chain(40)) / size(chain(20))).toBeLessThan(2.5);
  });
});
