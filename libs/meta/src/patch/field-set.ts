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
const SELF = '.';

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

/** An inner object from its parts, or undefined when it says nothing. */
export function makeNode(member: boolean, children: ReadonlyMap<string, FieldSet>): FieldSet | undefined {
  if (children.size === 0) return member ? EMPTY : undefined;
  const out: Record<string, FieldSet> = {};
  // The point sorts before all elements: keys are in canonical order.
  if (member) out[SELF] = EMPTY;
  for (const key of [...children.keys()].sort()) out[key] = children.get(key) as FieldSet;
  return out;
}
function makeRoot(children: ReadonlyMap<string, FieldSet>): FieldSet {
  return makeNode(false, children) ?? EMPTY;
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
  return isEmptySet(a) ? b : makeRoot(unionChildren(a, b));
}
function unionNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  return makeNode(isMember(a) || isMember(b), unionChildren(a, b)) ?? EMPTY;
}
function unionChildren(a: FieldSet, b: FieldSet): ReadonlyMap<string, FieldSet> {
  const children = new Map<string, FieldSet>();
  for (const element of elements(a)) children.set(element, a[element] as FieldSet);
  for (const element of elements(b)) {
    const mine = children.get(element);
    const other = b[element] as FieldSet;
    children.set(element, mine === undefined ? other : unionNodes(mine, other));
  }
  return children;
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return a === b ? a : makeRoot(intersectionChildren(a, b));
}
function intersectionChildren(a: FieldSet, b: FieldSet): ReadonlyMap<string, FieldSet> {
  const children = new Map<string, FieldSet>();
  for (const element of elements(a)) {
    const mine = a[element] as FieldSet;
    const other = below(b, element);
    if (other === undefined) continue;
    const both = mine === other ? mine : makeNode(isMember(mine) && isMember(other), intersectionChildren(mine, other));
    if (both !== undefined) children.set(element, both);
  }
  return children;
}

/** Paths of `a` that are not in `b`; what lies below a path of `b` stays. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(b)) return a;
  return makeRoot(differenceChildren(a, b));
}
function differenceChildren(a: FieldSet, b: FieldSet): ReadonlyMap<string, FieldSet> {
  const children = new Map<string, FieldSet>();
  for (const element of elements(a)) {
    const mine = a[element] as FieldSet;
    const other = below(b, element);
    const rest =
      other === undefined ? mine : makeNode(isMember(mine) && !isMember(other), differenceChildren(mine, other));
    if (rest !== undefined) children.set(element, rest);
  }
  return children;
}

/** Paths of `a` that are neither in `b` nor below a path of `b`. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(b) || isEmptySet(a)) return a;
  return makeRoot(recursiveChildren(a, b));
}
function recursiveChildren(a: FieldSet, b: FieldSet): ReadonlyMap<string, FieldSet> {
  const children = new Map<string, FieldSet>();
  for (const element of elements(a)) {
    const mine = a[element] as FieldSet;
    const other = below(b, element);
    if (other !== undefined && isMember(other)) continue;
    const rest = other === undefined ? mine : makeNode(isMember(mine), recursiveChildren(mine, other));
    if (rest !== undefined) children.set(element, rest);
  }
  return children;
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
