import { goJsonType } from '#std';

/**
 * How a value comes to its type, which decides on the words for what does not fit. `json`: Go's decoder reads a document.
 * `unstructured`: the result of a strategic patch or of an apply, which was decoded before, is converted.
 */
export type Source = 'json' | 'unstructured';
/** What a value should have been. */
export type Shape = 'struct' | 'map' | 'slice' | 'scalar';

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

  /** With `inDocumentOrder` only errors are of interest, and which of them comes first in the document. */
  constructor(
    readonly source: Source,
    readonly inDocumentOrder = false,
  ) {}

  push(step: string | number, type = ''): void {
    this.path.push(step);
    this.types.push(type);
  }
  pop(): void {
    this.path.pop();
    this.types.pop();
  }

  /** The value has another JSON type than the field. Reading goes on, as Go's does; the first one is told. */
  wrongType(value: unknown, goType: string, shape: Shape = 'scalar'): undefined {
    this.typeError ??=
      this.source === 'unstructured' ? unconvertible(value, goType, shape) : this.unmarshalled(value, goType);
    return undefined;
  }
  /** The value has a type that the field's own parser does not take: it knows nothing of the field. */
  wrongText(value: unknown, goType: string): undefined {
    if (this.source === 'json') return this.wrongType(value, goType);
    this.typeError ??= `json: cannot unmarshal ${jsonType(value, goType)} into Go value of type ${goType}`;
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

  private unmarshalled(value: unknown, goType: string): string {
    const names = this.path.filter((step) => typeof step === 'string');
    const holder = this.types.findLast((type) => type !== '') ?? '';
    const where = names.length > 0 ? `Go struct field ${[holder.split('.').at(-1), ...names].join('.')}` : 'Go value';
    return `json: cannot unmarshal ${jsonType(value, goType)} into ${where} of type ${goType}`;
  }
}

function unconvertible(value: unknown, goType: string, shape: Shape): string {
  const kind = goKind(value);
  if (shape === 'struct') return `cannot restore struct from: ${kind}`;
  if (shape !== 'scalar') return `cannot restore ${shape} from ${kind}`;
  const isNumeric = NUMERIC.test(goType);
  // Go would make a character of a whole number, and cut a fraction: these it knows how to do and refuses.
  if ((kind === 'int64' && !isNumeric && goType !== 'bool') || (kind === 'float64' && isNumeric))
    return `cannot convert ${kind} to ${goType}`;
  return `unrecognized type: ${isNumeric || goType === 'bool' ? goType : 'string'}`;
}
function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'slice';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'object' ? 'map' : typeof value;
}

const NUMERIC = /^(int|float)\d+$/;

function jsonType(value: unknown, goType: string): string {
  // A number that is the wrong one is told; where none belongs, that it is a number.
  return typeof value === 'number' && NUMERIC.test(goType) ? `number ${value}` : goJsonType(value);
}
