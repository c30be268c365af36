/** Collects what is wrong with a value while it is read. Paths are put together only when something is. */
export class Sink {
  /** Names of fields, and numbers for what has none: items of lists, values of maps. */
  private readonly path: (string | number)[] = [];
  /** The type whose field each step is. */
  private readonly types: string[] = [];
  /** Set when any field was not known; the names are then found by a walk in the order of the document. */
  unknownSeen = false;
  private typeError: string | undefined;
  private brokenError: string | undefined;

  push(step: string | number, type = ''): void {
    this.path.push(step);
    this.types.push(type);
  }
  pop(): void {
    this.path.pop();
    this.types.pop();
  }

  /** The value has another JSON type than the field. Reading goes on, as Go's does; the first one is told. */
  wrongType(value: unknown, goType: string): undefined {
    if (this.typeError === undefined) {
      const names = this.path.filter((step) => typeof step === 'string');
      const holder = this.types.findLast((type) => type !== '') ?? '';
      const where = names.length > 0 ? `Go struct field ${[holder.split('.').at(-1), ...names].join('.')}` : 'Go value';
      this.typeError = `json: cannot unmarshal ${jsonType(value)} into ${where} of type ${goType}`;
    }
    return undefined;
  }
  /** A text that its own parser refuses (a time, a quantity): this is told before any wrong type. */
  broken(message: string): undefined {
    this.brokenError ??= message;
    return undefined;
  }
  get error(): string | undefined {
    return this.brokenError ?? this.typeError;
  }
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number')
    return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? 'number' : `number ${value}`;
  return typeof value;
}
