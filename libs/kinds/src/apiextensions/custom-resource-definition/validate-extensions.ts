import type { Problem } from '#model';
import type { JsonSchema } from './json-schema.schema.js';
import { forbidden, invalid, required, unsupported } from './problems.js';
import { itemsOf, propertyOf } from './structural/schema.js';

const LIST_TYPES = ['atomic', 'set', 'map'];
const MAP_TYPES = ['atomic', 'granular'];

/** How lists and maps merge: whether a schema can say so. */
export function checkExtensions(schema: JsonSchema, path: string, problems: Problem[]): void {
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const at = `${path}.x-kubernetes-list-type`;
  if (listType !== undefined && schema.type !== 'array')
    problems.push(
      schema.type
        ? invalid(`${path}.type`, schema.type, 'must be array if x-kubernetes-list-type is specified')
        : required(`${path}.type`, 'must be array if x-kubernetes-list-type is specified'),
    );
  if (listType !== undefined && !LIST_TYPES.includes(listType)) problems.push(unsupported(at, listType, LIST_TYPES));
  if (keys.length > 0 && listType !== 'map')
    problems.push(
      listType === undefined
        ? required(at, 'must be map if x-kubernetes-list-map-keys is non-empty')
        : invalid(at, listType, 'must be map if x-kubernetes-list-map-keys is non-empty'),
    );
  if (listType === 'map') checkMapList(schema, path, keys, problems);
  if (listType === 'set') checkSet(schema, path, problems);
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType !== undefined) {
    if (schema.type !== 'object')
      problems.push(
        schema.type
          ? invalid(`${path}.type`, schema.type, 'must be object if x-kubernetes-map-type is specified')
          : required(`${path}.type`, 'must be object if x-kubernetes-map-type is specified'),
      );
    if (!MAP_TYPES.includes(mapType)) problems.push(unsupported(`${path}.x-kubernetes-map-type`, mapType, MAP_TYPES));
  }
}

function checkSet(schema: JsonSchema, path: string, problems: Problem[]): void {
  const items = itemsOf(schema);
  if (!items) return;
  if (items.nullable === true)
    problems.push(forbidden(`${path}.items.nullable`, 'cannot be nullable when x-kubernetes-list-type is "set"'));
  const [listType, mapType] = [items['x-kubernetes-list-type'], items['x-kubernetes-map-type']];
  if (items.type === 'object' && mapType !== 'atomic')
    problems.push(
      invalid(
        `${path}.items.x-kubernetes-map-type`,
        mapType ?? '',
        'must be atomic as item of a list with x-kubernetes-list-type=set',
      ),
    );
  if (items.type === 'array' && listType !== undefined && listType !== 'atomic')
    problems.push(
      invalid(
        `${path}.items.x-kubernetes-list-type`,
        listType,
        'must be atomic as item of a list with x-kubernetes-list-type=set',
      ),
    );
}

function checkMapList(schema: JsonSchema, path: string, keys: readonly string[], problems: Problem[]): void {
  const field = `${path}.x-kubernetes-list-map-keys`;
  if (keys.length === 0) problems.push(required(field, 'must not be empty if x-kubernetes-list-type is map'));
  const items = itemsOf(schema);
  if (!items) return;
  if (items.type !== 'object')
    problems.push(
      invalid(`${path}.items.type`, items.type ?? '', "must be object if parent array's x-kubernetes-list-type is map"),
    );
  if (items.nullable === true)
    problems.push(forbidden(`${path}.items.nullable`, 'cannot be nullable when x-kubernetes-list-type is "map"'));
  if (new Set(keys).size < keys.length) problems.push(invalid(field, keys, 'must not contain duplicate entries'));
  if (items.type === 'object' && keys.some((key) => propertyOf(items, key) === undefined)) {
    problems.push(invalid(field, keys, 'entries must all be names of item properties'));
    return;
  }
  for (const key of keys) {
    const property = propertyOf(items, key);
    if (!property) continue;
    const at = `${path}.items.properties[${key}]`;
    if (property.type === 'array' || property.type === 'object')
      problems.push(
        invalid(`${at}.type`, property.type, "must be a scalar type if parent array's x-kubernetes-list-type is map"),
      );
    if (property.nullable === true)
      problems.push(
        forbidden(`${at}.nullable`, 'cannot be nullable when this is a key of a list with x-kubernetes-list-type=map'),
      );
    if (property.default === undefined && items.required?.includes(key) !== true)
      problems.push(
        required(
          `${at}.default`,
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      );
  }
}
