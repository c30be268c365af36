import type { Prng } from '#std';

/** Gives each of some once, in a drawn order, before any comes again: a short run has them all. */
export class InTurn<T> {
  private readonly ahead: T[] = [];

  /** `all` is not empty. */
  constructor(
    private readonly all: readonly T[],
    private readonly chance: Prng,
  ) {}

  next(): T {
    if (this.ahead.length === 0) this.ahead.push(...this.all);
    const [next] = this.ahead.splice(this.chance.below(this.ahead.length), 1);
    return next ?? this.next();
  }
}
