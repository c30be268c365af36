/**
 * What the patch engines must know of a schema. The model's types satisfy it by their structure; this library stands
 * below the model and may not import it.
 */
export type Shape = ScalarShape | ListShape | MapShape | ObjectShape | LazyShape;

export interface ScalarShape {
  readonly is: 'scalar';
  readonly scalar: string;
}
export interface ListShape {
  readonly is: 'list';
  readonly items: Shape;
  /** How lists inside this list merge; atomic when absent. */
  readonly itemOptions?: FieldRules;
}
export interface MapShape {
  readonly is: 'map';
  readonly values: Shape;
  readonly valueOptions?: FieldRules;
}
export interface ObjectShape {
  readonly is: 'object';
  readonly fields: { readonly [name: string]: FieldShape };
  readonly options: {
    readonly mapType?: 'atomic' | 'granular';
    /** Fields that the schema does not know are kept (custom resources only). */
    readonly preserveUnknown?: boolean;
  };
}
export interface LazyShape {
  readonly is: 'lazy';
  readonly resolve: () => Shape;
}
export interface FieldShape {
  readonly type: Shape;
  readonly options: FieldRules;
  readonly required?: boolean;
}
export interface FieldRules {
  readonly default?: unknown;
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly mapKeys?: readonly string[];
  readonly mergeKey?: string;
  readonly patchStrategy?: string;
  readonly mapType?: 'atomic' | 'granular';
  /** What Kubernetes writes where the field is absent: the field counts as there all the time. */
  readonly always?: unknown;
  /** A required field that is not written when it is zero. */
  readonly omitEmpty?: boolean;
}

export type PlainShape = Exclude<Shape, LazyShape>;

const NO_RULES: FieldRules = {};

/** A shape together with what the field that holds it says about merging: worked out once for each place of a schema. */
export class Place {
  /** Apply treats the whole value as one leaf. */
  readonly atomic: boolean;
  private readonly fields = new Map<string, Place | undefined>();
  private inner: Place | undefined;
  constructor(
    readonly shape: PlainShape,
    readonly rules: FieldRules,
  ) {
    this.atomic = atomic(shape, rules);
  }

  /** The place of an object's field or a map's entry; undefined when the schema knows none. */
  field(name: string): Place | undefined {
    const { shape } = this;
    if (shape.is === 'map') return (this.inner ??= placeOf(shape.values, shape.valueOptions));
    if (shape.is !== 'object') return undefined;
    let place = this.fields.get(name);
    if (place === undefined && !this.fields.has(name)) {
      const field = Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined;
      if (field !== undefined) place = placeOf(field.type, field.options);
      else if (shape.options.preserveUnknown === true) return DEDUCED;
      // Names that the schema does not know are not remembered: there is no end of them.
      if (place === undefined) return undefined;
      this.fields.set(name, place);
    }
    return place;
  }
  /** The place of a list's items; of anything else, of what nothing is known. */
  item(): Place {
    const { shape } = this;
    return shape.is === 'list' ? (this.inner ??= placeOf(shape.items, shape.itemOptions)) : DEDUCED;
  }
}

function atomic(shape: PlainShape, rules: FieldRules): boolean {
  switch (shape.is) {
    case 'scalar':
      return true;
    case 'list':
      return rules.listType !== 'set' && rules.listType !== 'map';
    case 'map':
      return rules.mapType === 'atomic';
    case 'object':
      return rules.mapType === 'atomic' || (rules.mapType === undefined && shape.options.mapType === 'atomic');
  }
}

export function plain(shape: Shape): PlainShape {
  let at = shape;
  while (at.is === 'lazy') at = at.resolve();
  return at;
}
const places = new WeakMap<PlainShape, Map<FieldRules, Place>>();
export function placeOf(shape: Shape, rules: FieldRules = NO_RULES): Place {
  const at = plain(shape);
  let byRules = places.get(at);
  if (byRules === undefined) places.set(at, (byRules = new Map()));
  let place = byRules.get(rules);
  if (place === undefined) byRules.set(rules, (place = new Place(at, rules)));
  return place;
}

/** A value of which no schema says anything: its maps merge key by key, its lists are single values. */
export const DEDUCED: Place = placeOf({ is: 'map', values: { is: 'lazy', resolve: () => DEDUCED.shape } });

const ZEROS: Readonly<Record<string, unknown>> = { string: '', int32: 0, int64: 0, boolean: false };

/**
 * The value that a list's key field takes where it is left out: its default (`protocol: TCP`), or of a field that must be
 * there the empty value, with which it is then refused.
 */
export function keyDefault(list: ListShape, key: string): unknown {
  const item = plain(list.items);
  if (item.is !== 'object') return undefined;
  const field = item.fields[key];
  if (field?.options.default !== undefined) return field.options.default;
  const type = field?.required === true ? plain(field.type) : undefined;
  return type?.is === 'scalar' ? ZEROS[type.scalar] : undefined;
}
