import type { Json, JsonObject } from '#std';
import type { Operation, Parameter, PathItem } from './operations.js';

export function v3Path({ parameters, operations }: PathItem): JsonObject {
  const out: Record<string, Json> = { parameters: parameters.map(v3Parameter) };
  for (const [method, operation] of Object.entries(operations)) out[method] = v3Operation(operation);
  return out;
}
function v3Operation(operation: Operation): JsonObject {
  const schema = (name: string): JsonObject => ({ schema: { $ref: `#/components/schemas/${name}` } });
  const content = (name: string | undefined): JsonObject =>
    Object.fromEntries(operation.produces.map((type) => [type, name ? schema(name) : { schema: { type: 'string' } }]));
  const responses: Record<string, Json> = { 401: { description: 'Unauthorized' } };
  for (const [code, name] of Object.entries(operation.answers))
    responses[code] = { description: WORDS[code] ?? 'OK', content: content(name) };
  const { body } = operation;
  return {
    tags: [operation.tag],
    description: operation.description,
    operationId: operation.operationId,
    ...(operation.parameters.length > 0 && { parameters: operation.parameters.map(v3Parameter) }),
    ...(body && {
      requestBody: {
        content: Object.fromEntries(body.types.map((type) => [type, schema(body.schema)])),
        ...(body.required && { required: true }),
      },
    }),
    responses,
    'x-kubernetes-action': operation.action,
    'x-kubernetes-group-version-kind': operation.kind,
  };
}
function v3Parameter({ name, in: place, type, description }: Parameter): JsonObject {
  return {
    name,
    in: place,
    description,
    ...(place === 'path' && { required: true }),
    schema: { type, uniqueItems: true },
  };
}
const WORDS: Readonly<Record<string, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };

export function v2Path({ parameters, operations }: PathItem): JsonObject {
  const out: Record<string, Json> = { parameters: parameters.map(v2Parameter) };
  for (const [method, operation] of Object.entries(operations)) out[method] = v2Operation(operation);
  return out;
}
function v2Operation(operation: Operation): JsonObject {
  const responses: Record<string, Json> = { 401: { description: 'Unauthorized' } };
  for (const [code, name] of Object.entries(operation.answers)) {
    responses[code] = {
      description: WORDS[code] ?? 'OK',
      schema: name ? { $ref: `#/definitions/${name}` } : { type: 'string' },
    };
  }
  const { body } = operation;
  const reference = body && { schema: { $ref: `#/definitions/${body.schema}` } };
  const bodyParameter = body
    ? [{ name: 'body', in: 'body', ...(body.required && { required: true }), ...reference }]
    : [];
  const parameters = [...bodyParameter, ...operation.parameters.map(v2Parameter)];
  return {
    tags: [operation.tag],
    description: operation.description,
    operationId: operation.operationId,
    consumes: body?.types ?? ['*/*'],
    produces: operation.produces,
    schemes: ['https'],
    ...(parameters.length > 0 && { parameters }),
    responses,
    'x-kubernetes-action': operation.action,
    'x-kubernetes-group-version-kind': operation.kind,
  };
}
function v2Parameter({ name, in: place, type, description }: Parameter): JsonObject {
  return { name, in: place, description, type, uniqueItems: true, ...(place === 'path' && { required: true }) };
}
