import { hash } from 'node:crypto';
import { Fault } from '#std';

const KEY_BYTES = 32;
const DIGIT_BITS = 4;
const DIGITS = 8;
const BASE = 2 ** DIGIT_BITS;
/** Versions are numbers below this. */
const VERSIONS = BASE ** DIGITS;
const FROM_BYTES = 4;

/**
 * One key for each version number, derived from a tree of SHA-256: the keys of a node's children are hashes of the node's own
 * key, so a node gives every key below it and none beside or above it. What is stored is the fewest nodes that give the keys
 * of `from` and of all later versions, at most 121, however many versions there are. To forget older versions is to store
 * fewer nodes: no key that is left leads back to what was dropped.
 */
export class VersionKeys {
  private constructor(
    /** The first version whose key can be derived. */
    readonly from: number,
    /** In the order of {@link cover}. */
    private readonly nodes: readonly Buffer[],
  ) {}

  static of(root: Buffer): VersionKeys {
    return new VersionKeys(0, [root]);
  }

  /** What {@link toBytes} made; undefined when it is something else. */
  static parse(bytes: Buffer): VersionKeys | undefined {
    if (bytes.length === KEY_BYTES) return VersionKeys.of(bytes);
    if (bytes.length % KEY_BYTES !== FROM_BYTES) return undefined;
    const from = bytes.readUInt32BE(0);
    const nodes: Buffer[] = [];
    for (let at = FROM_BYTES; at < bytes.length; at += KEY_BYTES) nodes.push(bytes.subarray(at, at + KEY_BYTES));
    return from > 0 && nodes.length === cover(from).length ? new VersionKeys(from, nodes) : undefined;
  }

  toBytes(): Buffer {
    if (this.from === 0) return this.nodes[0] as Buffer;
    const from = Buffer.alloc(FROM_BYTES);
    from.writeUInt32BE(this.from);
    return Buffer.concat([from, ...this.nodes]);
  }

  /** The key that all others are derived from; undefined once a version was forgotten. */
  get root(): Buffer | undefined {
    return this.from === 0 ? this.nodes[0] : undefined;
  }

  /** Undefined for a version that was forgotten. */
  key(version: number): Buffer | undefined {
    const digits = digitsOf(version);
    return version < this.from ? undefined : this.node(digits);
  }

  /** Without the keys of all versions before this one. */
  since(version: number): VersionKeys {
    if (version <= this.from) return this;
    return new VersionKeys(
      version,
      cover(version).map((path) => this.node(path)),
    );
  }

  /** The node at a path that leads to no forgotten version. */
  private node(path: readonly number[]): Buffer {
    const { index, depth } = this.from === 0 ? ROOT : placeIn(digitsOf(this.from), path);
    let key = this.nodes[index] as Buffer;
    for (const digit of path.slice(depth)) key = hash('sha256', Buffer.concat([key, Buffer.of(digit)]), 'buffer');
    return key;
  }
}

const ROOT = { index: 0, depth: 0 };

/** Which node of the {@link cover} of a version a path leads through, and how long the path of that node is. */
function placeIn(from: readonly number[], path: readonly number[]): { readonly index: number; readonly depth: number } {
  let index = 0;
  for (let depth = 0; depth < DIGITS; depth++) {
    const digit = from[depth] as number;
    const own = path[depth] as number;
    if (own > digit) return { index: index + own - digit - 1, depth: depth + 1 };
    index += BASE - 1 - digit;
  }
  return { index, depth: DIGITS };
}

/** Paths of the fewest nodes that lead to a version and to all later ones, and to no earlier one. */
function cover(from: number): readonly (readonly number[])[] {
  const digits = digitsOf(from);
  const paths: number[][] = [];
  digits.forEach((digit, depth) => {
    for (let later = digit + 1; later < BASE; later++) paths.push([...digits.slice(0, depth), later]);
  });
  return [...paths, [...digits]];
}

/** The most significant digit first. */
function digitsOf(version: number): readonly number[] {
  if (!Number.isInteger(version) || version < 0 || version >= VERSIONS)
    throw new Fault(`there is no key for version ${version}: versions are numbers below ${VERSIONS}`, false);
  return Array.from({ length: DIGITS }, (_, i) => Math.floor(version / BASE ** (DIGITS - 1 - i)) % BASE);
}
