/** Shorter values are one string already: V8's `JSON.parse` looks them up in a table of its own. */
const TEXT_LENGTH_MIN = 11;
/** Larger parts, as `bytesOf` counts, are rarely equal to others and would evict many. */
const PART_BYTES_MAX = 8 * 1024;
/** A set holds two parts. */
const SETS_AT_FIRST = 256;
const SETS_MAX = 16_384;
/** Bound of {@link SharedParts.bytesHeld}. */
const HELD_BYTES_MAX = 16 * 1024 * 1024;
const REFERENCE_BYTES = 8;
/** The room for contents is used again, unless an object needed much. */
const CONTENTS_KEPT = 1024;

type Fields = Record<string, unknown>;
type Container = Fields | unknown[];
/** Contents of a container that is being hashed: the keys and values of {@link SharedParts} from there on. */
interface Contents {
  readonly from: number;
  readonly isList: boolean;
}

/**
 * Stores equal parts of objects once (hash consing): most pods of one owner have the same containers, tolerations and managed
 * fields. Objects in views are immutable, so sharing is not observable. An object, its metadata, spec and other top-level fields
 * are never shared with another object: caches are keyed by the spec and may depend on the name of its pod. Everything below is.
 *
 * The table is a cache of sets of two places: a part that was found again keeps the first place, new ones replace the
 * second. Its memory is bounded whatever is written, a lookup costs two comparisons, and evicting a part costs memory only.
 */
export class SharedParts {
  private parts: (Container | string | undefined)[] = [];
  private hashes = new Int32Array(0);
  private sizes = new Int32Array(0);
  private sets = 0;
  private added = 0;
  private held = 0;
  /** Of the part that was hashed last, its contents included. */
  private hash = 0;
  private bytes = 0;
  /** Keys and values of the containers that are being hashed, the innermost last. */
  private readonly keys: string[] = [];
  private readonly values: unknown[] = [];
  private top = 0;

  /** Bytes of the parts in the table; a part that contains others counts them again. */
  get bytesHeld(): number {
    return this.held;
  }

  /**
   * Returns an equal object whose parts are shared. What it has in common with `before`, an earlier result, is skipped. Writes to
   * neither.
   */
  share<T extends object>(object: T, before?: T): T {
    // A call that threw (a stack overflow) has not reset it.
    this.top = 0;
    const shared = this.own(object as Fields, before, OWN_LEVELS) as T;
    if (this.values.length > CONTENTS_KEPT) this.values.length = this.keys.length = 0;
    return shared;
  }

  /** A container that is not looked up in the table; its parts are, from `levels` below on. Returns `before` if it is equal. */
  private own(container: Container, before: unknown, levels: number): Container {
    const earlier = isContainer(before) && Array.isArray(before) === Array.isArray(container) ? before : undefined;
    let isSame = earlier !== undefined;
    let copy: Container | undefined;
    for (const key in container) {
      const value = (container as Fields)[key];
      const known = earlier && (earlier as Fields)[key];
      if (value === known) continue;
      // JavaScript has no two equal texts: what nothing contains cannot be replaced by another.
      if (!isContainer(value)) {
        isSame = false;
        continue;
      }
      const shared = this.below(key, value, { known, levels });
      isSame &&= shared === known;
      if (shared === value) continue;
      copy ??= copyOf(container);
      (copy as Fields)[key] = shared;
    }
    return isSame && haveSameKeys(container, earlier as Container) ? (earlier as Container) : (copy ?? container);
  }
  private below(key: string, value: unknown, { known, levels }: { known: unknown; levels: number }): unknown {
    if (key === '__proto__') return value;
    const isOwn = isContainer(value) && (levels > 1 || (levels > 0 && isContainer(known)));
    return isOwn ? this.own(value, known, levels - 1) : this.part(value);
  }

  /** Returns the equal part of the table, or adds this one. Sets `hash` and `bytes`. */
  private part(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (isContainer(value)) return Array.isArray(value) ? this.list(value) : this.fields(value);
    this.hash = typeof value === 'number' ? Math.imul(value, 31) ^ 7 : value === true ? 3 : 5;
    this.bytes = REFERENCE_BYTES;
    return value;
  }

  private text(text: string): string {
    const { length } = text;
    this.hash = hashOf(text);
    this.bytes = REFERENCE_BYTES + length;
    if (length < TEXT_LENGTH_MIN || this.bytes > PART_BYTES_MAX) return text;
    const { hash, parts } = this;
    const place = this.placeOf(hash);
    if (this.hashes[place] === hash && parts[place] === text) return parts[place] as string;
    if (this.hashes[place + 1] === hash && parts[place + 1] === text) return this.foundAgain(place) as string;
    this.remember(text);
    return text;
  }

  private list(list: unknown[]): unknown[] {
    const from = this.top;
    let hash = list.length ^ LIST;
    let bytes = REFERENCE_BYTES;
    let isSame = true;
    for (const value of list) {
      const shared = this.part(value);
      this.values[this.top++] = shared;
      isSame &&= shared === value;
      hash = mixed(hash, this.hash);
      bytes += this.bytes;
    }
    const found = this.found(hash, bytes, { from, isList: true }) as unknown[] | undefined;
    if (found) return found;
    const made = isSame ? list : this.values.slice(from, this.top);
    this.top = from;
    return this.kept(made, hash, bytes) as unknown[];
  }

  private fields(fields: Fields): Fields {
    const from = this.top;
    let hash = FIELDS;
    let bytes = REFERENCE_BYTES;
    let isSame = true;
    for (const key in fields) {
      const value = fields[key];
      const shared = key === '__proto__' ? value : this.part(value);
      const place = this.top++;
      this.keys[place] = key;
      this.values[place] = shared;
      isSame &&= shared === value;
      hash = mixed(hash, hashOf(key) ^ this.hash);
      bytes += key.length + this.bytes;
    }
    if (this.top === from) return this.empty();
    const found = this.found(hash, bytes, { from, isList: false }) as Fields | undefined;
    if (found) return found;
    const made = isSame ? fields : this.copied(fields, from);
    this.top = from;
    return this.kept(made, hash, bytes) as Fields;
  }
  /** Nearly all leaves of managed fields are these. */
  private empty(): Fields {
    this.hash = FIELDS;
    this.bytes = REFERENCE_BYTES;
    return EMPTY;
  }
  private copied(fields: Fields, from: number): Fields {
    const copy = copyOf(fields);
    for (let i = from; i < this.top; i++) {
      const key = this.keys[i] as string;
      if (key !== '__proto__') copy[key] = this.values[i];
    }
    return copy;
  }

  /** The container of the table with such contents, which are then dropped. */
  private found(hash: number, bytes: number, contents: Contents): Container | undefined {
    if (bytes > PART_BYTES_MAX) return undefined;
    const place = this.placeOf(hash);
    let found: Container | undefined;
    if (this.hashes[place] === hash && this.holds(this.parts[place], contents)) found = this.parts[place] as Container;
    else if (this.hashes[place + 1] === hash && this.holds(this.parts[place + 1], contents))
      found = this.foundAgain(place) as Container;
    if (!found) return undefined;
    this.top = contents.from;
    this.hash = hash;
    this.bytes = bytes;
    return found;
  }
  /** Contents are shared already, so equal ones are identical. The order of the keys counts: answers show it. */
  private holds(part: Container | string | undefined, { from, isList }: Contents): boolean {
    if (typeof part !== 'object' || Array.isArray(part) !== isList) return false;
    const { keys, values, top } = this;
    let i = from;
    if (Array.isArray(part)) {
      if (part.length !== top - from) return false;
      for (const value of part) if (value !== values[i++]) return false;
      return true;
    }
    for (const key in part) {
      if (i >= top || key !== keys[i] || part[key] !== values[i]) return false;
      i++;
    }
    return i === top;
  }

  private kept(made: Container, hash: number, bytes: number): Container {
    this.hash = hash;
    this.bytes = bytes;
    if (bytes <= PART_BYTES_MAX) this.remember(made);
    return made;
  }

  private placeOf(hash: number): number {
    return (hash & (this.sets - 1)) * 2;
  }

  /** Moves a part of the second place to the first. */
  private foundAgain(place: number): Container | string | undefined {
    const { parts, hashes, sizes } = this;
    for (const column of [parts, hashes, sizes]) {
      const first = column[place];
      column[place] = column[place + 1];
      column[place + 1] = first;
    }
    return parts[place];
  }

  /** Adds a part whose `hash` and `bytes` are set. */
  private remember(part: Container | string): void {
    if (this.held + this.bytes > HELD_BYTES_MAX) this.clear();
    if (this.added >= this.sets && this.sets < SETS_MAX) this.grow();
    const { hash } = this;
    this.put(part, hash, this.bytes);
  }
  private put(part: Container | string, hash: number, bytes: number): void {
    let place = this.placeOf(hash);
    if (this.parts[place] !== undefined) place++;
    if (this.parts[place] === undefined) this.added++;
    this.held += bytes - (this.sizes[place] as number);
    this.parts[place] = part;
    this.hashes[place] = hash;
    this.sizes[place] = bytes;
  }
  private grow(): void {
    const { parts, hashes, sizes } = this;
    this.sets = Math.max(SETS_AT_FIRST, this.sets * 2);
    this.clear();
    parts.forEach((part, i) => {
      if (part !== undefined) this.put(part, hashes[i] as number, sizes[i] as number);
    });
  }
  private clear(): void {
    this.parts = new Array<undefined>(this.sets * 2).fill(undefined);
    this.hashes = new Int32Array(this.sets * 2);
    this.sizes = new Int32Array(this.sets * 2);
    this.added = 0;
    this.held = 0;
  }
}

/** The object and its top-level fields. */
const OWN_LEVELS = 2;

const EMPTY: Fields = Object.freeze({});

/** Where hashes of lists and of objects begin. */
const LIST = 0x2c1b3c6d;
const FIELDS = 0x297a2d39;

function mixed(hash: number, next: number): number {
  const product = Math.imul(hash ^ next, 0x9e3779b1);
  return product ^ (product >>> 15);
}

/** So many of the first and of the last characters of a text are hashed. */
const CHARACTERS = 8;

/** Different parts of one hash evict each other and nothing worse, so long texts that differ in the middle may collide. */
function hashOf(text: string): number {
  const { length } = text;
  let hash = length;
  const head = Math.min(length, CHARACTERS);
  for (let i = 0; i < head; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  for (let i = Math.max(head, length - CHARACTERS); i < length; i++)
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}
function haveSameKeys(a: Container, b: Container): boolean {
  if (Array.isArray(a)) return a.length === (b as unknown[]).length;
  const keys = Object.keys(b);
  return Object.keys(a).every((key, i) => key === keys[i]) && Object.keys(a).length === keys.length;
}
function copyOf<C extends Container>(container: C): C {
  return (Array.isArray(container) ? container.slice() : { ...container }) as C;
}
