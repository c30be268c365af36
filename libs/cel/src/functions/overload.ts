import { parseType, splitTypes, type Type } from '../check/types.js';
import type { Result, Value } from '../values/values.js';

/** Sizes of the arguments as costs count them: code points, bytes, elements. */
export type Sizes = readonly number[];

/** One signature of a function. */
export interface Overload {
  readonly name: string;
  readonly isMember: boolean;
  /** Of a member, its target comes first. */
  readonly args: readonly Type[];
  readonly result: Type;
  /** Never throws; an error is a value. */
  readonly apply: (args: readonly Value[]) => Result;
  /**
   * Cost of a call, from the sizes of its arguments. It must not fall when a size grows: the estimate is the cost at the
   * largest sizes. It is charged before the call.
   */
  readonly cost: (sizes: Sizes, args?: readonly Value[]) => number;
  /** Largest size of the result; undefined when nothing bounds it. */
  readonly size?: (sizes: Sizes) => number;
}

/** `name: (int, string) bool` or, of a member, `name: string.(int) bool`. */
type Signature = string;
export type Costs = Partial<Pick<Overload, 'cost' | 'size'>>;

export const ONE = (): number => 1;

export function overload(signature: Signature, apply: Overload['apply'], { cost = ONE, size }: Costs = {}): Overload {
  const match = /^(\S+): (?:(.+?)\.)?\((.*)\) (.+)$/.exec(signature);
  if (!match) throw new TypeError(`${signature} is no signature`);
  const [, name = '', target, args = '', result = ''] = match;
  const types = splitTypes(args).map(parseType);
  return {
    name,
    isMember: target !== undefined,
    args: target === undefined ? types : [parseType(target), ...types],
    result: parseType(result),
    apply,
    cost,
    ...(size && { size }),
  };
}

/** Overloads by name. */
export class Functions {
  private readonly byName = new Map<string, Overload[]>();

  constructor(all: readonly Overload[]) {
    for (const one of all) {
      const known = this.byName.get(one.name);
      if (known) known.push(one);
      else this.byName.set(one.name, [one]);
    }
  }
  has(name: string): boolean {
    return this.byName.has(name);
  }
  overloads(name: string): readonly Overload[] {
    return this.byName.get(name) ?? [];
  }
  with(more: readonly Overload[]): Functions {
    return new Functions([...this.byName.values()].flat().concat(more));
  }
}

/** Cost of reading a text of this size once. */
export const traversal = (size: number): number => Math.ceil(size * 0.1);
/** Cost of matching a text against a pattern. */
export const matching = (text: number, pattern: number): number =>
  Math.ceil((1 + text) * 0.1) * Math.ceil(pattern * 0.25);
/** Costs of a function that reads its first argument once. */
export const READS_FIRST: Costs = { cost: ([first = 0]) => traversal(first) };
