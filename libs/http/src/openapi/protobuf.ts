import { WireWriter } from '#model';
import type { Json, JsonObject } from '#std';
import { isJsonObject } from '#std';

/**
 * An OpenAPI v2 document in the protobuf form that older paths of kubectl ask for. Each message is a table from the keys of
 * the JSON form to field numbers; keys without a number (`oneOf`, which v2 does not know) have no place in it.
 */
export function openApiV2Protobuf(document: JsonObject): Uint8Array {
  return body(DOCUMENT, document);
}

/** The media type of that form. Clients ask with `@`, but answers say `.`: the other is no valid Content-Type to them. */
export const OPENAPI_V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** Writes a value as one field of the message around it. */
type Write = (out: WireWriter, tag: number, value: Json) => void;
interface Message {
  readonly fields: Readonly<Record<string, readonly [tag: number, write: Write]>>;
  /** Where keys that begin with `x-` go. */
  readonly extensions?: number;
}

const text: Write = (out, tag, value) => out.text(tag, typeof value === 'string' ? value : JSON.stringify(value));
const flag: Write = (out, tag, value) => {
  if (value === true) out.varint(tag, 1n);
};
/** Any value stands as YAML, which JSON is. */
const any: Write = (out, tag, value) => out.blob(tag, one(2, text, JSON.stringify(value)));
const each =
  (write: Write): Write =>
  (out, tag, value) => {
    for (const item of Array.isArray(value) ? (value as readonly Json[]) : []) write(out, tag, item);
  };
const message =
  (make: () => Message): Write =>
  (out, tag, value) =>
    out.blob(tag, body(make(), isJsonObject(value) ? value : {}));
/** A message around the value, such as one arm of a choice. */
const inside =
  (inner: number, write: Write): Write =>
  (out, tag, value) =>
    out.blob(tag, one(inner, write, value));
/** A map: entries with a name (1) and a value (2). */
const entries =
  (write: Write): Write =>
  (out, tag, value) => {
    for (const [name, item] of Object.entries(isJsonObject(value) ? value : {})) {
      if (item !== undefined) out.blob(tag, entry(name, write, item));
    }
  };
/** A message that is nothing but such a map. */
const map = (write: Write): Write => inside(1, entries(write));

function one(tag: number, write: Write, value: Json): Uint8Array {
  const out = new WireWriter();
  write(out, tag, value);
  return out.done();
}
function entry(name: string, write: Write, value: Json): Uint8Array {
  const out = new WireWriter();
  out.text(1, name);
  write(out, 2, value);
  return out.done();
}
function body({ fields, extensions }: Message, value: JsonObject): Uint8Array {
  const out = new WireWriter();
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    if (key.startsWith('x-') && extensions !== undefined) out.blob(extensions, entry(key, any, item));
    const field = fields[key];
    field?.[1](out, field[0], item);
  }
  return out.done();
}

const SCHEMA: Message = {
  fields: {
    $ref: [1, text],
    format: [2, text],
    description: [4, text],
    default: [5, any],
    required: [19, each(text)],
    enum: [20, each(any)],
    additionalProperties: [21, inside(1, (...given) => schema(...given))],
    type: [22, inside(1, text)],
    items: [23, inside(1, (...given) => schema(...given))],
    allOf: [24, each((...given) => schema(...given))],
    properties: [25, map((...given) => schema(...given))],
  },
  extensions: 31,
};
const schema: Write = message(() => SCHEMA);

const BODY_PARAMETER: Message = {
  fields: { description: [1, text], name: [2, text], in: [3, text], required: [4, flag], schema: [5, schema] },
  extensions: 6,
};
const PLACED = { required: [1, flag], in: [2, text], description: [3, text], name: [4, text] } as const;
const QUERY_PARAMETER: Message = { fields: { ...PLACED, type: [6, text], format: [7, text], uniqueItems: [20, flag] } };
const PATH_PARAMETER: Message = { fields: { ...PLACED, type: [5, text], format: [6, text], uniqueItems: [19, flag] } };

/** A choice in a choice in a choice: written out or referred to, body or not, and where it stands. */
const parameter: Write = (out, tag, value) => {
  const place = isJsonObject(value) ? value['in'] : undefined;
  const form =
    place === 'body'
      ? inside(
          1,
          message(() => BODY_PARAMETER),
        )
      : inside(
          2,
          place === 'path'
            ? inside(
                4,
                message(() => PATH_PARAMETER),
              )
            : inside(
                3,
                message(() => QUERY_PARAMETER),
              ),
        );
  inside(1, form)(out, tag, value);
};

const RESPONSE: Message = { fields: { description: [1, text], schema: [2, inside(1, schema)] }, extensions: 5 };
const OPERATION: Message = {
  fields: {
    tags: [1, each(text)],
    description: [3, text],
    operationId: [5, text],
    produces: [6, each(text)],
    consumes: [7, each(text)],
    parameters: [8, each(parameter)],
    responses: [
      9,
      map(
        inside(
          1,
          message(() => RESPONSE),
        ),
      ),
    ],
    schemes: [10, each(text)],
  },
  extensions: 13,
};
const operation: Write = message(() => OPERATION);

const PATH_ITEM: Message = {
  fields: {
    get: [2, operation],
    put: [3, operation],
    post: [4, operation],
    delete: [5, operation],
    options: [6, operation],
    head: [7, operation],
    patch: [8, operation],
    parameters: [9, each(parameter)],
  },
  extensions: 10,
};
const INFO: Message = { fields: { title: [1, text], version: [2, text], description: [3, text] } };
const API_KEY: Message = { fields: { type: [1, text], name: [2, text], in: [3, text], description: [4, text] } };

const DOCUMENT: Message = {
  fields: {
    swagger: [1, text],
    info: [2, message(() => INFO)],
    paths: [8, inside(2, entries(message(() => PATH_ITEM)))],
    definitions: [9, map(schema)],
    security: [12, each(map(inside(1, each(text))))],
    securityDefinitions: [
      13,
      map(
        inside(
          2,
          message(() => API_KEY),
        ),
      ),
    ],
  },
  extensions: 16,
};
