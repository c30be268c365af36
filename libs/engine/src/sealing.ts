import type { KubeObject, Path, SealedData } from '#model';
import type { Keys } from '#ports';
import type { Json, JsonObject } from '#std';
import { isJsonObject } from '#std';

/** Annotation of an object some of whose values can no longer be read by anybody. */
export const SHREDDED = 'shiplog.io/shredded';

const SEALED = '$sealed';
/** Names of the keys of a map that is sealed as a whole: they stay readable when the values are shredded. */
const KEYS = '$keys';
/** Stands for a key that an event removed from a map whose other keys are sealed as a whole. No key of a map has this name. */
export const REMOVED = '$removed';

export type Setting = readonly [Path, Json];

interface Opened<T> {
  readonly value: T;
  /** Something was sealed with a key that is gone; the value shows what is left. */
  readonly isShredded: boolean;
}
/** An object as one event of its stream left it. */
export interface Version {
  readonly uid: string;
  /** Revision of the event. */
  readonly version: number;
}

/** The object as it is shown once its values are shredded. */
export function shredded(object: KubeObject): KubeObject {
  const { data } = object as { data?: Json };
  const blank = isJsonObject(data) && { data: Object.fromEntries(Object.keys(data).map((key) => [key, ''])) };
  return { ...object, ...blank, metadata: { ...object.metadata, annotations: { [SHREDDED]: 'true' } } };
}

/**
 * Seals and opens the values at given paths, in whole objects and in the settings of an event. Each path leads to a map of
 * texts. Which paths these are, the event records; no kind is consulted.
 */
export class Sealing {
  constructor(private readonly keys: Pick<Keys, 'seal' | 'open'>) {}

  /** `version`: number of the event, which has keys of its own. */
  seal(object: KubeObject, version: number, paths: readonly Path[]): KubeObject {
    const of = { uid: object.metadata.uid, version };
    return this.sealInside(of, [], object as unknown as Json, paths) as unknown as KubeObject;
  }

  /** Shredded values are empty texts, shredded metadata is left out; {@link SHREDDED} says so. */
  open(object: KubeObject, paths: readonly Path[]): Opened<KubeObject> {
    let isShredded = false;
    let shown = object as unknown as Json;
    for (const path of paths) {
      shown = changedAt(shown, path, (map) => {
        const opened = this.openMap(object.metadata.uid, map, isMetadata(path) ? undefined : '');
        isShredded ||= opened.isShredded;
        return opened.value as Json;
      });
    }
    const value = shown as unknown as KubeObject;
    if (!isShredded) return { value, isShredded };
    const annotations = { ...value.metadata.annotations, [SHREDDED]: 'true' };
    return { value: { ...value, metadata: { ...value.metadata, annotations } }, isShredded };
  }

  sealSet(of: Version, set: readonly Setting[], paths: readonly Path[]): readonly Setting[] {
    return set.map(([path, value]) => [path, this.sealInside(of, path, value, paths)]);
  }

  openSet(uid: string, set: readonly Setting[], paths: readonly Path[]): Opened<readonly Setting[]> {
    let isShredded = false;
    const value: Setting[] = [];
    for (const [path, stored] of set) {
      const opened = this.openInside(uid, path, stored, paths);
      isShredded ||= opened.isShredded;
      if (opened.value !== undefined) value.push([path, opened.value]);
    }
    return { value, isShredded };
  }

  /** The value at `at` with everything sealed that lies on, above or below one of the paths. */
  private sealInside(of: Version, at: Path, value: Json, paths: readonly Path[]): Json {
    let sealed = value;
    for (const path of paths) {
      if (isWithin(at, path))
        return at.length > path.length ? this.sealValue(of, value) : this.sealMap(of, value, isMetadata(path));
      if (isWithin(path, at))
        sealed = changedAt(sealed, path.slice(at.length), (map) => this.sealMap(of, map, isMetadata(path)));
    }
    return sealed;
  }

  private openInside(uid: string, at: Path, value: Json, paths: readonly Path[]): Opened<Json | undefined> {
    let opened: Opened<Json | undefined> = { value, isShredded: false };
    for (const path of paths) {
      if (isWithin(at, path)) return this.openValue(uid, value);
      if (!isWithin(path, at)) continue;
      let { isShredded } = opened;
      const inner = changedAt(opened.value as Json, path.slice(at.length), (map) => {
        const one = this.openValue(uid, map);
        isShredded ||= one.isShredded;
        return one.value ?? {};
      });
      opened = { value: inner, isShredded };
    }
    return opened;
  }

  private sealValue({ uid, version }: Version, value: Json): JsonObject {
    return { [SEALED]: this.keys.seal(uid, version, JSON.stringify(value)) };
  }

  /**
   * Names of annotations may say something, so they are sealed with their values; `last-applied-configuration` holds the
   * values themselves.
   */
  private sealMap(of: Version, map: Json, hidesKeys: boolean): JsonObject {
    const sealed = this.sealValue(of, map);
    return isJsonObject(map) && !hidesKeys ? { ...sealed, [KEYS]: Object.keys(map) } : sealed;
  }

  private openValue(uid: string, value: Json | undefined): Opened<Json | undefined> {
    if (!isJsonObject(value) || typeof value[SEALED] !== 'string') return { value, isShredded: false };
    const clear = this.keys.open(uid, value[SEALED]);
    if (clear === undefined) return { value: undefined, isShredded: true };
    return { value: JSON.parse(clear) as Json, isShredded: false };
  }

  /**
   * A map that was sealed as a whole, with the keys that later events set or removed one by one. `blank` stands for a
   * value that is shredded; undefined leaves its key out.
   */
  private openMap(uid: string, map: Json | undefined, blank: '' | undefined): Opened<Json | undefined> {
    if (!isJsonObject(map)) return { value: map, isShredded: false };
    const { [SEALED]: sealed, [KEYS]: names, ...changed } = map;
    const whole = this.openValue(uid, sealed === undefined ? undefined : { [SEALED]: sealed });
    const keys = Object.keys(changed);
    if (keys.length === 0 && sealed !== undefined && !whole.isShredded) return whole;
    let { isShredded } = whole;
    // A Map, since `__proto__` is a name like any other.
    const values = new Map(isJsonObject(whole.value) ? Object.entries(whole.value) : []);
    if (isShredded && blank !== undefined && Array.isArray(names))
      for (const name of names) values.set(String(name), blank);
    for (const key of keys) {
      const value = changed[key];
      values.delete(key);
      if (isJsonObject(value) && value[REMOVED] !== undefined) continue;
      const opened = this.openValue(uid, value);
      isShredded ||= opened.isShredded;
      const shown = opened.isShredded ? blank : opened.value;
      if (shown !== undefined) values.set(key, shown);
    }
    const sorted = [...values.keys()].sort();
    return { value: Object.fromEntries(sorted.map((key) => [key, values.get(key) as Json])), isShredded };
  }
}

const NOTHING: readonly Path[] = [];

/** Paths whose values are sealed in an event. */
export function sealedPaths(data: JsonObject): readonly Path[] {
  return (data as unknown as SealedData).sealed ?? NOTHING;
}

/** Whether a path names one key of a sealed map. */
export function isSealedKey(path: Path, paths: readonly Path[]): boolean {
  return paths.some((sealed) => path.length === sealed.length + 1 && isWithin(path, sealed));
}

function isMetadata(path: Path): boolean {
  return path[0] === 'metadata';
}

/** Whether `path` is `outer` or lies below it. */
function isWithin(path: Path, outer: Path): boolean {
  return path.length >= outer.length && outer.every((key, index) => path[index] === key);
}

/** A copy with another value at a path; the value itself when nothing is there. */
function changedAt(value: Json, [key, ...rest]: Path, change: (value: Json) => Json): Json {
  if (key === undefined) return change(value);
  if (!isJsonObject(value) || !Object.hasOwn(value, key)) return value;
  return { ...value, [key]: changedAt(value[key] as Json, rest, change) };
}
