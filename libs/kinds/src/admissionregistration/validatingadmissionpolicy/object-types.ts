import {
  BOOL,
  BYTES,
  celName,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  listOf,
  mapOf,
  STRING,
  TIMESTAMP,
  typeOfSchema,
  type ObjectType as CelObject,
  type StructuralSchema,
  type Type as CelType,
} from '#cel';
import { resolved, type Field, type ObjectType, type ScalarName, type Type } from '#model';

const SCALARS: Readonly<Record<ScalarName, CelType>> = {
  ...{ string: STRING, boolean: BOOL, int32: INT, int64: INT, double: DOUBLE, byte: BYTES, duration: DURATION },
  ...{ time: TIMESTAMP, microTime: TIMESTAMP, quantity: DYN, intOrString: DYN, fieldsV1: DYN, any: DYN },
};

const known = new WeakMap<ObjectType<unknown>, CelType>();

/** The type that expressions have for objects of a schema. Fields are typed when an expression selects them. */
export function celTypeOf(schema: ObjectType<unknown>): CelType {
  let type = known.get(schema);
  if (!type) {
    const { custom } = schema.options;
    type = custom ? typeOfSchema(custom.openApi('v3') as unknown as StructuralSchema, schema.name) : objectType(schema);
    known.set(schema, type);
  }
  return type;
}

function objectType(schema: ObjectType<unknown>): CelObject {
  const fields = new Map<string, Field>();
  for (const [key, field] of Object.entries(schema.fields)) {
    const name = celName(key);
    if (name !== undefined) fields.set(name, field);
  }
  return {
    kind: 'object',
    name: schema.name,
    field(name) {
      const field = fields.get(name);
      return field && typeOf(field.type);
    },
  };
}

function typeOf(type: Type): CelType {
  const found = resolved(type);
  switch (found.is) {
    case 'scalar':
      return SCALARS[found.scalar];
    case 'list':
      return listOf(typeOf(found.items));
    case 'map':
      return mapOf(STRING, typeOf(found.values));
    case 'object':
      return found.options.preserveUnknown ? DYN : celTypeOf(found);
  }
}
