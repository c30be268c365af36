import { compile, isCompileError, wrongType, type Compiled, type Environment } from '../compile.js';
import { BOOL, optionalOf, STRING, type Type } from '../check/types.js';
import { partsOf } from '../syntax/parts.js';
import { estimate, type Shape } from '../cost/estimate.js';
import type { Expression } from '../syntax/ast.js';
import { parseFieldPath, type Step } from './field-path.js';
import {
  countMax,
  propertiesOf,
  valuesOf,
  withResourceFields,
  type StructuralSchema,
  type ValidationRule,
} from './schema.js';
import { isTyped, shapeOfSchema, typeOfSchema } from './typed.js';

/** Estimated cost of one rule, and of all rules of one schema, beyond which a definition is refused. */
export const RULE_COST_MAX = 10_000_000;
export const SCHEMA_COST_MAX = 100_000_000;
/** The rules that are named when all together cost too much: these most costly ones with a share worth naming. */
const NAMED_MAX = 4;
const NAMED_COST_MIN = SCHEMA_COST_MAX / 100;

/** What is wrong with the rules of a schema. */
export interface RuleProblem {
  /** `<path of the schema>.properties[spec].x-kubernetes-validations[0].rule` */
  readonly path: string;
  readonly type: 'Required' | 'Invalid' | 'Forbidden' | 'InternalError';
  /** What an Invalid is about: the whole rule, or one of its values. */
  readonly value?: ValidationRule | string | boolean;
  readonly detail: string;
}
export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly program: Compiled;
  readonly message: Compiled | undefined;
  readonly fieldPath: readonly Step[];
  /** The rule compares with the value before, so it needs one. */
  readonly isTransition: boolean;
}
/** Rules of a schema and of what is in it; parts without any rule are left out. */
export interface RuleTree {
  readonly schema: StructuralSchema;
  readonly rules: readonly CompiledRule[];
  readonly properties: ReadonlyMap<string, RuleTree>;
  readonly values: RuleTree | undefined;
  readonly items: RuleTree | undefined;
}
export interface DefinedRules {
  readonly problems: readonly RuleProblem[];
  /** Undefined when the schema has no rules. */
  readonly tree: RuleTree | undefined;
}

export interface DefineOptions {
  /** Path of the schema, which paths of problems begin with. */
  readonly path?: string;
  /** Parts by their paths whose rules are not compiled: something else is wrong with them or below them. */
  readonly skipped?: ReadonlySet<string>;
}

/** Compiles all rules of a structural schema of whole objects and estimates what they cost. Never throws. */
export function defineRules(schema: StructuralSchema, { path = '', skipped }: DefineOptions = {}): DefinedRules {
  const definition = new Definition(path, skipped ?? new Set());
  const root = { path, count: 1, uncorrelatable: undefined, isTyped: true, place: 'selfType' };
  const tree = definition.tree(withResourceFields(schema), root);
  return { problems: [...definition.problems, ...definition.totalProblems()], tree };
}

/** Where in the schema a part is. */
interface Place {
  readonly path: string;
  /** Values of this part that one object can have; undefined when nothing but the request bounds it. */
  readonly count: number | undefined;
  /** Path of the outermost part in which the value before cannot be found for each value. */
  readonly uncorrelatable: string | undefined;
  /** Whether every part around this one has a type that expressions know. */
  readonly isTyped: boolean;
  /** Names the types of objects. */
  readonly place: string;
}

class Definition {
  readonly problems: RuleProblem[] = [];
  private readonly costs: { readonly path: string; readonly cost: number }[] = [];

  constructor(
    private readonly root: string,
    private readonly skipped: ReadonlySet<string>,
  ) {}

  /** Problems are found from the innermost part outwards, as Kubernetes names them. */
  tree(schema: StructuralSchema, outer: Place): RuleTree | undefined {
    const place = { ...outer, isTyped: outer.isTyped && isTyped(schema) };
    const inner = valuesOf(schema);
    const values = inner && this.tree(inner, this.inside(schema, place, 'additionalProperties'));
    const properties = new Map<string, RuleTree>();
    const isAtomic = schema['x-kubernetes-map-type'] === 'atomic';
    for (const [name, property] of Object.entries(propertiesOf(schema))) {
      const tree = this.tree(property, {
        ...place,
        path: `${place.path}.properties[${name}]`,
        place: `${place.place}.${name}`,
        uncorrelatable: place.uncorrelatable ?? (isAtomic ? place.path : undefined),
      });
      if (tree) properties.set(name, tree);
    }
    const items = schema.items && this.tree(schema.items, this.inside(schema, place, 'items'));
    const rules = this.rules(schema, place);
    const isEmpty = rules.length === 0 && properties.size === 0 && !values && !items;
    return isEmpty ? undefined : { schema, rules, properties, values, items };
  }
  private inside(schema: StructuralSchema, place: Place, part: 'items' | 'additionalProperties'): Place {
    const max = part === 'items' ? schema.maxItems : schema.maxProperties;
    const isKept = part !== 'items' || schema['x-kubernetes-list-type'] === 'map';
    return {
      ...place,
      path: `${place.path}.${part}`,
      count: place.count === undefined || max === undefined ? undefined : place.count * max,
      uncorrelatable: place.uncorrelatable ?? (isKept ? undefined : place.path),
      place: `${place.place}.@${part}`,
    };
  }

  private rules(schema: StructuralSchema, place: Place): readonly CompiledRule[] {
    const all = schema['x-kubernetes-validations'] ?? [];
    if (all.length === 0 || this.skipped.has(place.path)) return [];
    const path = `${place.path}.x-kubernetes-validations`;
    if (!place.isTyped) {
      this.problems.push({ path, type: 'InternalError', detail: NO_TYPE });
      return [];
    }
    return all.flatMap((rule, i) => this.rule(rule, `${path}[${i}]`, { schema, place }));
  }

  private rule(
    rule: ValidationRule,
    at: string,
    { schema, place }: { readonly schema: StructuralSchema; readonly place: Place },
  ): readonly CompiledRule[] {
    const type = typeOfSchema(schema, place.place);
    const old = rule.optionalOldSelf === true ? optionalOf(type) : type;
    const variables = new Map([
      ['self', type],
      ['oldSelf', old],
    ]);
    const { rule: source = '' } = rule;
    if (source.trim() === '') {
      this.problems.push({ path: `${at}.rule`, type: 'Required', detail: 'rule is not specified' });
      return [];
    }
    const program = this.program(source, { rule, at: `${at}.rule`, variables, expected: BOOL });
    if (program) this.judge(`${at}.rule`, 'estimated rule cost', this.cost(program, { schema, place }));
    const message = this.message(rule, { at: `${at}.messageExpression`, variables, schema });
    if (!program) return [];
    const isTransition = mentions(program.expression, 'oldSelf');
    if (isTransition && place.uncorrelatable !== undefined) {
      const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${place.uncorrelatable}`;
      this.problems.push({ path: `${at}.rule`, type: 'Invalid', value: source, detail });
    }
    if (!isTransition && rule.optionalOldSelf !== undefined) {
      const detail = 'may not be set if oldSelf is not used in rule';
      this.problems.push({ path: `${at}.optionalOldSelf`, type: 'Invalid', value: rule.optionalOldSelf, detail });
    }
    const fieldPath = rule.fieldPath ? parseFieldPath(rule.fieldPath, schema) : [];
    if (typeof fieldPath === 'string') {
      this.problems.push({
        ...{ path: `${at}.fieldPath`, type: 'Invalid', value: rule.fieldPath ?? '' },
        detail: 'must be a valid path',
      });
      return [];
    }
    return [{ rule, program, message, fieldPath, isTransition }];
  }

  private message(
    rule: ValidationRule,
    where: Pick<Wanted, 'at' | 'variables'> & { readonly schema: StructuralSchema },
  ): Compiled | undefined {
    const source = rule.messageExpression;
    if (source === undefined || source === '') return undefined;
    const program = this.program(source, { ...where, expected: STRING, rule });
    // Kubernetes counts a message once, however many values its part has.
    if (program) this.judge(where.at, 'estimated messageExpression cost', this.evaluationCost(program, where.schema));
    return program;
  }
  private program(source: string, { at, variables, expected, rule }: Wanted): Compiled | undefined {
    const what = expected === BOOL ? '' : 'messageExpression ';
    const environment: Environment = { variables };
    const program = compile(source, environment);
    const isWrong = !isCompileError(program) && wrongType(program, [expected]) !== undefined;
    if (!isCompileError(program) && !isWrong) return program;
    const subject =
      expected === BOOL ? 'cel expression must evaluate to a bool' : 'messageExpression must evaluate to a string';
    const detail = isCompileError(program) ? `${what}compilation failed: ${program.message}` : subject;
    this.problems.push({ path: at, type: 'Invalid', value: rule, detail });
    return undefined;
  }

  /** Of one evaluation for each value of this part that an object can have. */
  private cost(
    program: Compiled,
    { schema, place }: { readonly schema: StructuralSchema; readonly place: Place },
  ): number {
    return this.evaluationCost(program, schema) * (place.count ?? countMax(schema));
  }
  private evaluationCost(program: Compiled, schema: StructuralSchema): number {
    const shape = shapeOfSchema(schema);
    const shapes = new Map<string, Shape>([
      ['self', shape],
      ['oldSelf', shape],
    ]);
    return estimate(program, shapes);
  }
  private judge(path: string, what: string, cost: number): void {
    this.costs.push({ path, cost });
    if (cost > RULE_COST_MAX)
      this.problems.push({ path, type: 'Forbidden', detail: tooCostly(what, cost, RULE_COST_MAX) });
  }

  totalProblems(): readonly RuleProblem[] {
    const total = this.costs.reduce((sum, { cost }) => sum + cost, 0);
    if (total <= SCHEMA_COST_MAX) return [];
    const named = this.costs.toSorted((a, b) => b.cost - a.cost || 0).slice(0, NAMED_MAX);
    const share = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
    const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
    return [
      ...named
        .filter(({ cost }) => cost >= NAMED_COST_MIN)
        .map(({ path }): RuleProblem => ({ path, type: 'Forbidden', detail: share })),
      { path: this.root, type: 'Forbidden', detail: tooCostly(what, total, SCHEMA_COST_MAX) },
    ];
  }
}

const NO_TYPE =
  'internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations';

interface Wanted {
  readonly at: string;
  readonly variables: ReadonlyMap<string, Type>;
  readonly expected: Type;
  /** The rule that errors show. */
  readonly rule: ValidationRule;
}

function tooCostly(what: string, cost: number, max: number): string {
  const factor = cost / max;
  const text = factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  return `${what} exceeds budget by factor of ${text} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}

function mentions(node: Expression, name: string): boolean {
  if (node.node === 'ident') return node.name === name || node.name === `.${name}`;
  return partsOf(node).some((part) => mentions(part, name));
}
