import type { KubeObject, Path } from '#model';
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
type Annotations = { readonly [key: string]: string };

/** The object as it is shown once its values are shredded. */
export function shredded(object: KubeObject): KubeObject {
  const { data } = object as { data?: Json };
  const blank = isJsonObject(data) && { data: Object.fromEntries(Object.keys(data).map((key) => [key, ''])) };
  return { ...object, ...blank, metadata: { ...object.metadata, annotations: { [SHREDDED]: 'true' } } };
}

/** Seals and opens the values of a Secret, in whole objects and in the settings of an event. */
export class Sealing {
  constructor(private readonly keys: Pick<Keys, 'seal' | 'open'>) {}

  /** `version`: number of the event, which has keys of its own. */
  seal(object: KubeObject, version: number): KubeObject {
    const { annotations } = object.metadata;
    const of = { uid: object.metadata.uid, version };
    const { data, stringData } = object as { data?: Json; stringData?: Json };
    return {
      ...object,
      ...(data !== undefined && { data: this.sealData(of, data) }),
      ...(stringData !== undefined && { stringData: this.sealValue(of, stringData) }),
      metadata: {
        ...object.metadata,
        // Names of annotations may say something; `last-applied-configuration` holds the values themselves.
        ...(annotations && { annotations: this.sealValue(of, annotations) as Annotations }),
      },
    };
  }

  /** Shredded values of `data` are empty texts, shredded annotations are left out; {@link SHREDDED} says so. */
  open(object: KubeObject): Opened<KubeObject> {
    const { uid, annotations } = object.metadata;
    const { data } = object as { data?: Json };
    const openedData = this.openMap(uid, data, '');
    const openedAnnotations = this.openMap(uid, annotations as Json | undefined, undefined);
    const isShredded = openedData.isShredded || openedAnnotations.isShredded;
    const shown = {
      ...(openedAnnotations.value as Annotations | undefined),
      ...(isShredded && { [SHREDDED]: 'true' }),
    };
    const value = {
      ...object,
      ...(data !== undefined && { data: openedData.value }),
      metadata: { ...object.metadata, ...((annotations || isShredded) && { annotations: shown }) },
    };
    return { value, isShredded };
  }

  sealSet(of: Version, set: readonly Setting[]): readonly Setting[] {
    return set.map(([path, value]) => {
      if (!isSecret(path)) return [path, value];
      return [path, path[0] === 'data' && path.length === 1 ? this.sealData(of, value) : this.sealValue(of, value)];
    });
  }

  openSet(uid: string, set: readonly Setting[]): Opened<readonly Setting[]> {
    let isShredded = false;
    const value: Setting[] = [];
    for (const [path, sealed] of set) {
      const opened = this.openValue(uid, sealed);
      if (opened.isShredded) isShredded = true;
      else value.push([path, opened.value as Json]);
    }
    return { value, isShredded };
  }

  private sealValue({ uid, version }: Version, value: Json): JsonObject {
    return { [SEALED]: this.keys.seal(uid, version, JSON.stringify(value)) };
  }

  private sealData(of: Version, data: Json): JsonObject {
    const sealed = this.sealValue(of, data);
    return isJsonObject(data) ? { ...sealed, [KEYS]: Object.keys(data) } : sealed;
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

/** Everything under `data`, `stringData` and `metadata.annotations`. */
function isSecret(path: Path): boolean {
  return path[0] === 'data' || path[0] === 'stringData' || (path[0] === 'metadata' && path[1] === 'annotations');
}

/** A key of a sealed map. */
export function isSecretKey(path: Path): boolean {
  return isSecret(path) && path.length === (path[0] === 'metadata' ? 3 : 2);
}
