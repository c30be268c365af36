import { isTooDeep, putValue, type Json, type JsonObject } from '#std';

/** Items of lists that one patch may move to make or close gaps. */
const MOVED_MAX = 10_000_000;

/** A patch that inserts into or removes from the front of long lists again and again. */
export class TooMuchMoved extends Error {
  override readonly name = 'TooMuchMoved';
  constructor() {
    super(`The JSON patch moves more than ${MOVED_MAX} items of lists`);
  }
}

type Holder = Json[] | Record<string, Json | undefined>;

/**
 * A JSON value that a patch changes step by step. Each list and object is copied before its first change and written in
 * place from then on, so that many changes of a large one cost no more than their number.
 */
export class JsonDocument {
  private current: Json;
  /** Containers made here: nothing else refers to them. */
  private readonly own = new WeakSet<object>();
  private moved = 0;

  constructor(document: Json) {
    this.current = document;
  }

  get root(): Json {
    return this.current;
  }
  get isTooDeep(): boolean {
    return isTooDeep(this.current);
  }

  /** The value at a path, or at its first `length` keys; undefined when there is none. */
  read(path: readonly string[], length = path.length): Json | undefined {
    let at: Json | undefined = this.current;
    for (let i = 0; i < length; i++) {
      if (typeof at !== 'object' || at === null) return undefined;
      at = member(at as Holder, path[i] as string);
    }
    return at;
  }

  /** The JSON text of a part; undefined for one that is nested too deeply. */
  textOf(part: Json): string | undefined {
    return isTooDeep(part) ? undefined : JSON.stringify(part);
  }

  /**
   * A part as it may stand in a second place, given its text. A part that nothing was written to stays itself: it is copied
   * before a change in either place, and keeps the order of its keys, which messages show.
   */
  shareable(part: Json, text: string): Json {
    return typeof part === 'object' && part !== null && this.own.has(part) ? (JSON.parse(text) as Json) : part;
  }

  /** Each returns false when the path leads nowhere. */
  insert(path: readonly string[], value: Json): boolean {
    const holder = this.holderOf(path);
    const key = path.at(-1) ?? '';
    if (holder === undefined) return false;
    if (!Array.isArray(holder)) {
      putValue(holder, key, value);
      return true;
    }
    if (key === '-') {
      holder.push(value);
      return true;
    }
    let at = index(key);
    if (at === undefined) return false;
    // Minus one is the end: the list is counted with the new item in it.
    if (at < 0) at += holder.length + 1;
    if (at < 0 || at > holder.length) return false;
    this.move(holder.length - at);
    holder.splice(at, 0, value);
    return true;
  }

  remove(path: readonly string[]): boolean {
    const holder = this.holderOf(path);
    const key = path.at(-1) ?? '';
    if (holder === undefined || member(holder, key) === undefined) return false;
    if (!Array.isArray(holder)) return delete holder[key];
    const at = placeIn(holder, key) as number;
    this.move(holder.length - at);
    holder.splice(at, 1);
    return true;
  }

  /** A field of an object need not be there yet: replacing it adds it. */
  replace(path: readonly string[], value: Json): boolean {
    const holder = this.holderOf(path);
    const key = path.at(-1) ?? '';
    if (holder === undefined) return false;
    if (!Array.isArray(holder)) putValue(holder, key, value);
    else if (member(holder, key) === undefined) return false;
    else holder[placeIn(holder, key) as number] = value;
    return true;
  }

  /** What holds the last key of a path, to be written to. */
  private holderOf(path: readonly string[]): Holder | undefined {
    if (typeof this.current !== 'object' || this.current === null) return undefined;
    let holder = this.owned(this.current as Holder);
    this.current = holder as Json;
    for (let i = 0; i < path.length - 1; i++) {
      const key = path[i] as string;
      const inner = member(holder, key);
      if (typeof inner !== 'object' || inner === null) return undefined;
      const mine = this.owned(inner as Holder);
      if (mine !== (inner as Holder)) put(holder, key, mine as Json);
      holder = mine;
    }
    return holder;
  }

  private owned(holder: Holder): Holder {
    if (this.own.has(holder)) return holder;
    const copy: Holder = Array.isArray(holder) ? holder.slice() : { ...holder };
    this.own.add(copy);
    return copy;
  }

  private move(items: number): void {
    this.moved += items;
    if (this.moved > MOVED_MAX) throw new TooMuchMoved();
  }
}

function put(holder: Holder, key: string, value: Json): void {
  if (Array.isArray(holder)) holder[placeIn(holder, key) as number] = value;
  else putValue(holder, key, value);
}
function member(holder: Holder | JsonObject | readonly Json[], key: string): Json | undefined {
  if (!Array.isArray(holder)) return Object.hasOwn(holder, key) ? (holder as JsonObject)[key] : undefined;
  const at = placeIn(holder, key);
  return at === undefined ? undefined : (holder as readonly Json[])[at];
}
/** Where an item is; what is below zero counts from the end. */
function placeIn(list: readonly Json[], key: string): number | undefined {
  const at = index(key);
  return at !== undefined && at < 0 ? at + list.length : at;
}
function index(key: string): number | undefined {
  return /^[+-]?\d+$/.test(key) ? Number(key) : undefined;
}
