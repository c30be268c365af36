/** Positions of changes, ascending, and how many there were in all. */
export interface Causes {
  readonly positions: readonly number[];
  readonly count: number;
}

/** So many of the newest are named. */
export const CAUSES_NAMED = 16;
export const NO_CAUSES: Causes = { positions: [], count: 0 };

/** Which changes the next look at each key is because of. */
export class LookCauses {
  private readonly waiting = new Map<string, Causes>();

  add(key: string, position: number): void {
    this.give(key, { positions: [position], count: 1 });
  }
  /** Adds those of an earlier look at the key, which is to be taken again. */
  give(key: string, causes: Causes): void {
    if (causes.count === 0) return;
    const known = this.waiting.get(key);
    this.waiting.set(key, known ? merged(causes, known) : causes);
  }
  /** The next look at the key begins. */
  take(key: string): Causes {
    const causes = this.waiting.get(key) ?? NO_CAUSES;
    this.waiting.delete(key);
    return causes;
  }
}

function merged(one: Causes, other: Causes): Causes {
  const positions = [...new Set([...one.positions, ...other.positions])].sort((a, b) => a - b);
  const twice = one.positions.length + other.positions.length - positions.length;
  return { positions: positions.slice(-CAUSES_NAMED), count: one.count + other.count - twice };
}
