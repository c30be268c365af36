import { DYN, typeText, type Type } from './types.js';

/** Steps that the check of one expression may take: types that are built of themselves double with each level. */
const STEPS_MAX = 2_000_000;

/** Unwinds a check that takes too much; never leaves the checker. */
export class TooComplex extends Error {}

/** What the type parameters of one expression stand for. */
export class Bindings {
  private readonly bound = new Map<string, Type>();
  /** What was bound, in order, with what it was before: a failed attempt is taken back without a copy of all. */
  private readonly trail: (readonly [name: string, before: Type | undefined])[] = [];
  private fresh = 0;
  private steps = 0;

  /** The type with its own parameters in place of those of a signature. */
  instance(type: Type, own: Map<string, Type>): Type {
    return this.mapped(type, (name) => {
      let param = own.get(name);
      if (!param) own.set(name, (param = this.newParam()));
      return param;
    });
  }
  newParam(): Type {
    return { kind: 'param', name: `_var${this.fresh++}` };
  }

  /** The type with all bound parameters resolved. */
  resolved(type: Type): Type {
    return this.mapped(type, (name) => {
      const bound = this.bound.get(name);
      return bound === undefined ? { kind: 'param', name } : this.resolved(bound);
    });
  }
  /** Resolved, with `dyn` for what was never bound. */
  settled(type: Type): Type {
    return this.mapped(this.resolved(type), () => DYN);
  }

  /** Whether each value of `from` is one of `to`; binds parameters, and takes the bindings back when it is not. */
  assigns(to: readonly Type[], from: readonly Type[]): boolean {
    const mark = this.trail.length;
    const fits = to.length === from.length && to.every((type, i) => this.fits(type, from[i] as Type));
    if (!fits) this.takeBack(mark);
    return fits;
  }
  private takeBack(mark: number): void {
    for (let last = this.trail.length; last > mark; last--) {
      const [name, before] = this.trail.pop() ?? [''];
      if (before === undefined) this.bound.delete(name);
      else this.bound.set(name, before);
    }
  }
  private set(name: string, type: Type): void {
    this.trail.push([name, this.bound.get(name)]);
    this.bound.set(name, type);
  }
  private step(): void {
    if (++this.steps > STEPS_MAX) throw new TooComplex();
  }

  private fits(to: Type, from: Type): boolean {
    this.step();
    if (to.kind === 'param') {
      const bound = this.bound.get(to.name);
      if (bound) return this.fitsBound(to.name, bound, from);
      // Of two free parameters the newer one follows the older, so that no chains grow.
      const isFree = from.kind === 'param' && !this.bound.has(from.name);
      return isFree ? this.bind(from.name, to) : this.bind(to.name, from);
    }
    if (from.kind === 'param') {
      const bound = this.bound.get(from.name);
      if (bound) return this.fits(to, bound);
      return this.bind(from.name, to);
    }
    if (isAny(to) || isAny(from)) return true;
    if (from.kind === 'null') return to.kind === 'null' || NULLABLE.has(to.kind);
    if (to.kind === 'null') return NULLABLE.has(from.kind);
    return this.sameShape(to, from);
  }
  private sameShape(to: Type, from: Type): boolean {
    switch (to.kind) {
      case 'list':
      case 'optional':
        return from.kind === to.kind && this.fits(to.of, from.of);
      case 'type':
        return from.kind === 'type';
      case 'map':
        return from.kind === 'map' && this.fits(to.key, from.key) && this.fits(to.value, from.value);
      case 'object':
      case 'opaque':
        return from.kind === to.kind && from.name === to.name;
      default:
        return from.kind === to.kind;
    }
  }
  private mapped(type: Type, param: (name: string) => Type): Type {
    this.step();
    switch (type.kind) {
      case 'param':
        return param(type.name);
      case 'list':
      case 'optional':
      case 'type': {
        const of = this.mapped(type.of, param);
        return of === type.of ? type : { ...type, of };
      }
      case 'map': {
        const [key, value] = [this.mapped(type.key, param), this.mapped(type.value, param)];
        return key === type.key && value === type.value ? type : { ...type, key, value };
      }
      default:
        return type;
    }
  }
  /** A parameter that stands for a type already may come to stand for a wider one. */
  private fitsBound(name: string, bound: Type, from: Type): boolean {
    if (!this.fits(bound, from)) return false;
    const wide = this.resolved(from);
    if (isAny(wide) && !isAny(bound)) this.set(name, DYN);
    return true;
  }
  private bind(name: string, type: Type): boolean {
    if (type.kind === 'param' && type.name === name) return true;
    if (this.mentions(type, name)) return false;
    this.set(name, type);
    return true;
  }
  private mentions(type: Type, name: string): boolean {
    let found = false;
    this.mapped(this.resolved(type), (other) => {
      found ||= other === name;
      return DYN;
    });
    return found;
  }
}

const NULLABLE: ReadonlySet<string> = new Set(['object', 'opaque', 'timestamp', 'duration', 'optional']);

export function isAny({ kind }: Type): boolean {
  return kind === 'dyn' || kind === 'error';
}

export function isSameType(a: Type, b: Type): boolean {
  return a === b || typeText(a) === typeText(b);
}
