import { type ObjectType } from '#model';
import { registry } from '#kinds';
import { type Json, type JsonObject } from '#std';
import { list } from './growth.js';

export const pod = schemaOf('core.pods');
export const service = schemaOf('core.services');
function schemaOf(id: string): ObjectType<unknown> {
  const kind = registry.all.find((one) => one.id === id);
  if (!kind) throw new Error(`no kind ${id}`);
  return kind.schema;
}
export const podOf = (containers: Json, more: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a', namespace: 'default' },
  spec: { containers, ...more } as unknown as Json,
});

export const names = (n: number, prefix = 'c'): JsonObject[] => list(n, 14, (i) => ({ name: `${prefix}${i}` }));
export const full =
  (prefix = 'c') =>
  (n: number) =>
    names(n, prefix).map((item) => ({ ...item, image: 'i' }));
