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
}

export type PlainShape = Exclude<Shape, LazyShape>;

/** A shape together with what the field that holds it says about merging. */
export interface Place {
  readonly shape: PlainShape;
  readonly rules: FieldRules;
}

const NO_RULES: FieldRules = {};

export function plain(shape: Shape): PlainShape {
  let at = shape;
  while (at.is === 'lazy') at = at.resolve();
  return at;
}
export function placeOf(shape: Shape, rules: FieldRules = NO_RULES): Place {
  return { shape: plain(shape), rules };
}
const fieldPlaces = new WeakMap<FieldShape, Place>();
/** The place of an object's field or a map's entry; undefined when the schema knows none. */
export function fieldPlace(shape: ObjectShape | MapShape, name: string): Place | undefined {
  if (shape.is === 'map') return placeOf(shape.values, shape.valueOptions);
  if (!Object.hasOwn(shape.fields, name)) return shape.options.preserveUnknown === true ? DEDUCED : undefined;
  const field = shape.fields[name] as FieldShape;
  let place = fieldPlaces.get(field);
  if (place === undefined) {
    place = placeOf(field.type, field.options);
    fieldPlaces.set(field, place);
  }
  return place;
}
export function itemPlace(shape: ListShape): Place {
  return placeOf(shape.items, shape.itemOptions);
}
/** A value of which no schema says anything: its maps merge key by key, its lists are single values. */
export const DEDUCED: Place = {
  shape: { is: 'map', values: { is: 'lazy', resolve: () => DEDUCED.shape } },
  rules: NO_RULES,
};

/** Whether apply treats the whole value as one leaf. */
export function isAtomic(place: Place): boolean {
  const { shape, rules } = place;
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

/** The value that a list's key field takes where it is left out (`protocol: TCP`). */
export function keyDefault(list: ListShape, key: string): unknown {
  const item = plain(list.items);
  if (item.is !== 'object') return undefined;
  return item.fields[key]?.options.default;
}
