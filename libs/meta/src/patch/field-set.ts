/**
 * Sets of field paths, in the very form in which managedFields store them: an object whose keys are path elements
 * (`f:spec`, `k:{"name":"c"}`, `v:"x"`). A path belongs to the set when its object is empty or holds the key `.`; so
 * nothing needs decoding, and whole subtrees are shared between sets.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

/** At the root: the empty set. Below it: a path that belongs to the set and has none below it. */
export const EMPTY: FieldSet = Object.freeze({});
/** The key by which an inner object says that its own path belongs to the set. */
export const SELF = '.';

export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}
/** Whether the path of this (inner) object belongs to the set itself. */
export function isMember(node: FieldSet): boolean {
  return Object.hasOwn(node, SELF) || isEmptySet(node);
}
/** Path elements below. */
export function elements(node: FieldSet): readonly string[] {
  return Object.keys(node).filter((key) => key !== SELF);
}
export function below(node: FieldSet | undefined, element: string): FieldSet | undefined {
  return node !== undefined && element !== SELF && Object.hasOwn(node, element) ? node[element] : undefined;
}

/** An inner object from its parts, or undefined when it says nothing. Sort the children first unless they are in order. */
export function makeNode(member: boolean, children: readonly (readonly [string, FieldSet])[]): FieldSet | undefined {
  if (children.length === 0) return member ? EMPTY : undefined;
  const out: Record<string, FieldSet> = {};
  // The point sorts before all elements: keys are in canonical order.
  if (member) out[SELF] = EMPTY;
  for (const [key, child] of children) put(out, key, child);
  return out;
}
/** Children in canonical order. */
export function inElementOrder<T extends readonly [string, FieldSet]>(children: T[]): T[] {
  for (let i = 1; i < children.length; i++) {
    if ((children[i - 1] as T)[0] > (children[i] as T)[0]) return children.sort(([a], [b]) => (a < b ? -1 : 1));
  }
  return children;
}
/** A field may be called `__proto__`; its element is `f:__proto__`, so plain keys are safe. */
function put(out: Record<string, FieldSet>, element: string, node: FieldSet): void {
  out[element] = node;
}
/** What is left of an inner object after its members and children were chosen; the very same one when all was. */
function rebuilt(
  node: FieldSet,
  member: boolean,
  children: readonly (readonly [string, FieldSet])[],
  same: boolean,
): FieldSet | undefined {
  return same && member === isMember(node) ? node : makeNode(member, children);
}

/** A set of one path, or of several. */
export function setOf(...paths: readonly (readonly string[])[]): FieldSet {
  return paths.map(pathSet).reduce(union, EMPTY);
}
function pathSet(path: readonly string[]): FieldSet {
  return path.reduceRight<FieldSet>((inner, element) => ({ [element]: inner }), EMPTY);
}
/** Elements of a path of plain field names. */
export function fieldElements(path: readonly string[]): readonly string[] {
  return path.map((name) => `f:${name}`);
}

export function hasPath(set: FieldSet, path: readonly string[]): boolean {
  let at: FieldSet | undefined = set;
  for (const element of path) at = below(at, element);
  return at !== undefined && path.length > 0 && isMember(at);
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptySet(b)) return a;
  return isEmptySet(a) ? b : unionNodes(a, b, false);
}
function unionNodes(a: FieldSet, b: FieldSet, member: boolean): FieldSet {
  const children: [string, FieldSet][] = [];
  let same = true;
  for (const element in a) {
    if (element === SELF) continue;
    const mine = a[element] as FieldSet;
    const other = b[element];
    const both =
      other === undefined || other === mine ? mine : unionNodes(mine, other, isMember(mine) || isMember(other));
    same &&= both === mine;
    children.push([element, both]);
  }
  for (const element in b) {
    if (element === SELF || a[element] !== undefined) continue;
    same = false;
    children.push([element, b[element] as FieldSet]);
  }
  if (same && member === isMember(a)) return a;
  return makeNode(member, inElementOrder(children)) ?? EMPTY;
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return a === b ? a : (chosen(a, (mine, other) => intersect(mine, other), b) ?? EMPTY);
}
function intersect(mine: FieldSet, other: FieldSet | undefined): FieldSet | undefined {
  if (other === undefined || mine === other) return other;
  const { children, same } = choose(mine, intersect, other);
  return rebuilt(mine, isMember(mine) && isMember(other), children, same);
}

/** Paths of `a` that are not in `b`; what lies below a path of `b` stays. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return isEmptySet(b) ? a : (chosen(a, subtract, b) ?? EMPTY);
}
function subtract(mine: FieldSet, other: FieldSet | undefined): FieldSet | undefined {
  if (other === undefined) return mine;
  const { children, same } = choose(mine, subtract, other);
  return rebuilt(mine, isMember(mine) && !isMember(other), children, same);
}

/** Paths of `a` that are neither in `b` nor below a path of `b`. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  return isEmptySet(b) || isEmptySet(a) ? a : (chosen(a, subtractAll, b) ?? EMPTY);
}
function subtractAll(mine: FieldSet, other: FieldSet | undefined): FieldSet | undefined {
  if (other === undefined) return mine;
  if (isMember(other)) return undefined;
  const { children, same } = choose(mine, subtractAll, other);
  return rebuilt(mine, isMember(mine), children, same);
}

type Choice = (mine: FieldSet, other: FieldSet | undefined) => FieldSet | undefined;

/** Children of `a` as a choice leaves them, each beside the child of `b` of the same element. They stay in order. */
function choose(
  a: FieldSet,
  choice: Choice,
  b: FieldSet,
): { readonly children: [string, FieldSet][]; readonly same: boolean } {
  const children: [string, FieldSet][] = [];
  let same = true;
  for (const element in a) {
    if (element === SELF) continue;
    const mine = a[element] as FieldSet;
    const left = choice(mine, b[element]);
    same &&= left === mine;
    if (left !== undefined) children.push([element, left]);
  }
  return { children, same };
}
/** The same for roots, which are no paths themselves. */
function chosen(a: FieldSet, choice: Choice, b: FieldSet): FieldSet | undefined {
  const { children, same } = choose(a, choice, b);
  return same ? a : makeNode(false, children);
}

/** All paths, those of one level before those below them, each level in order. */
export function pathsOf(set: FieldSet): readonly (readonly string[])[] {
  const paths: (readonly string[])[] = [];
  const walk = (node: FieldSet, path: readonly string[]): void => {
    const inOrder = [...elements(node)].sort();
    for (const element of inOrder) if (isMember(node[element] as FieldSet)) paths.push([...path, element]);
    for (const element of inOrder) walk(node[element] as FieldSet, [...path, element]);
  };
  walk(set, []);
  return paths;
}
