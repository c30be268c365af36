import { applyJsonPatch, applyMergePatch, applyStrategicMergePatch, serverSideApply } from '#meta';
import { type Json, type JsonObject } from '#std';
import { grows, list } from './growth.js';
import { pod, podOf, full, names } from './growth-objects.js';

interface Patching {
  readonly document: JsonObject;
  readonly patch: Json;
}
const operations = (size: number, each: number, operation: (i: number) => JsonObject): JsonObject[] =>
  list(Math.min(size, 10_000 * each), each, operation);
const patching = (document: JsonObject, patch: Json): Patching => ({ document, patch });
const jsonPatched = ({ document, patch }: Patching): unknown => JSON.stringify(applyJsonPatch(document, patch));
const merged = ({ document, patch }: Patching): unknown => JSON.stringify(applyMergePatch(document, patch));
const strategic = ({ document, patch }: Patching): unknown => applyStrategicMergePatch(document, patch, pod);
const applied = ({ document, patch }: Patching): unknown =>
  serverSideApply({
    ...{ shape: pod, apiVersion: 'v1', manager: 'm', force: true, now: 0 },
    ...{ live: document, applied: patch as JsonObject },
  });

grows('JSON patches', [
  [
    'additions to one map',
    (n) =>
      patching(
        { d: {} },
        operations(n, 40, (i) => ({ op: 'add', path: `/d/k${i}`, value: '' })),
      ),
    jsonPatched,
  ],
  [
    'additions to a large map',
    (n) =>
      patching(
        { d: Object.fromEntries(list(n, 10, (i) => [`o${i}`, ''])) },
        operations(n, 40, (i) => ({ op: 'add', path: `/d/k${i}`, value: '' })),
      ),
    jsonPatched,
  ],
  [
    'additions at the end of a list',
    (n) =>
      patching(
        { d: list(n, 3, () => '') },
        operations(n, 40, () => ({ op: 'add', path: '/d/-', value: '' })),
      ),
    jsonPatched,
  ],
  [
    'additions at the start of a list',
    (n) =>
      patching(
        { d: list(n, 3, () => '') },
        operations(n, 40, () => ({ op: 'add', path: '/d/0', value: '' })),
      ),
    jsonPatched,
  ],
  [
    'removals at the start of a list',
    (n) =>
      patching(
        { d: list(n, 3, () => '') },
        operations(n, 40, () => ({ op: 'remove', path: '/d/0' })),
      ),
    jsonPatched,
  ],
  [
    'replacements in a list',
    (n) =>
      patching(
        { d: list(n, 3, () => '') },
        operations(n, 40, () => ({ op: 'replace', path: '/d/0', value: 'x' })),
      ),
    jsonPatched,
  ],
  [
    'copies of all that was copied',
    (n) =>
      patching(
        { d: { a: '' } },
        operations(n, 40, (i) => ({ op: 'copy', from: '/d', path: `/d/k${i}` })),
      ),
    jsonPatched,
  ],
  [
    'copies of a large part',
    (n) =>
      patching(
        { d: 'x'.repeat(n) },
        operations(n, 40, (i) => ({ op: 'copy', from: '/d', path: `/k${i}` })),
      ),
    jsonPatched,
  ],
  [
    'moves',
    (n) =>
      patching(
        { d: { a: '' } },
        operations(n, 40, (i) => ({ op: 'move', from: i % 2 ? '/d/b' : '/d/a', path: i % 2 ? '/d/a' : '/d/b' })),
      ),
    jsonPatched,
  ],
  [
    'tests of a large part',
    (n) =>
      patching(
        { d: list(n, 3, () => '') },
        operations(n, 40, () => ({ op: 'test', path: '/d', value: [''] })),
      ),
    jsonPatched,
  ],
  [
    'deeper and deeper',
    (n) =>
      patching(
        {},
        operations(n, 1, () => ({}))
          .slice(0, Math.sqrt(n))
          .map((_, i) => ({ op: 'add', path: '/a'.repeat(i + 1), value: {} })),
      ),
    jsonPatched,
  ],
  [
    'a path of many parts',
    (n) => patching({ a: { a: {} } }, [{ op: 'add', path: '/a'.repeat(n / 2), value: 1 }]),
    jsonPatched,
  ],
]);

grows('merge patches', [
  ['many keys', (n) => patching({ data: {} }, { data: Object.fromEntries(list(n, 12, (i) => [`k${i}`, ''])) }), merged],
  [
    'many nulls',
    (n) =>
      patching(
        { data: Object.fromEntries(list(n, 12, (i) => [`k${i}`, ''])) },
        { data: Object.fromEntries(list(n, 12, (i) => [`k${i}`, null])) },
      ),
    merged,
  ],
]);

const texts = (n: number, prefix = 'f'): string[] => list(n, 10, (i) => `${prefix}${i}`);
const keyed = (finalizers: Json): JsonObject => ({ metadata: { finalizers } });
const containers = (containers: Json, more: JsonObject = {}): JsonObject => ({ spec: { containers, ...more } });

grows('strategic merge patches', [
  ['many items', (n) => patching(podOf(names(n)), containers(names(n))), strategic],
  ['many items in another order', (n) => patching(podOf(names(n)), containers(names(n).reverse())), strategic],
  ['many new items', (n) => patching(podOf(names(n)), containers(names(n, 'd'))), strategic],
  [
    'many items that go',
    (n) => patching(podOf(names(n)), containers(names(n).map((item) => ({ ...item, $patch: 'delete' })))),
    strategic,
  ],
  [
    'an order of many items',
    (n) => patching(podOf(names(n)), containers(names(n), { '$setElementOrder/containers': names(n) })),
    strategic,
  ],
  [
    'an order of many items, reversed',
    (n) =>
      patching(podOf(names(n)), containers(names(n).reverse(), { '$setElementOrder/containers': names(n).reverse() })),
    strategic,
  ],
  ['many values', (n) => patching({ ...podOf([]), ...keyed(texts(n)) }, keyed(texts(n, 'g'))), strategic],
  [
    'many equal values',
    (n) => patching({ ...podOf([]), ...keyed(texts(n)) }, keyed(texts(n).map(() => 'f1'))),
    strategic,
  ],
  [
    'many values that go',
    (n) =>
      patching({ ...podOf([]), ...keyed(texts(n)) }, { metadata: { '$deleteFromPrimitiveList/finalizers': texts(n) } }),
    strategic,
  ],
  [
    'keys that are large maps',
    (n) =>
      patching(
        podOf([{ name: Object.fromEntries(list(n, 10, (i) => [`k${i}`, 1])) }]),
        containers(list(n / 10, 20, () => ({ name: { a: 1 } }))),
      ),
    strategic,
  ],
  [
    'keys to retain',
    (n) =>
      patching(podOf([]), { spec: { $retainKeys: texts(n), ...Object.fromEntries(texts(n).map((key) => [key, 1])) } }),
    strategic,
  ],
]);

grows('applied configurations', [
  ['many items', (n) => patching(podOf(full()(n)), podOf(full()(n))), applied],
  ['many items in another order', (n) => patching(podOf(full()(n)), podOf(full()(n).reverse())), applied],
  ['many new items', (n) => patching(podOf(full()(n)), podOf(full('d')(n))), applied],
  ['many equal items', (n) => patching(podOf([]), podOf(full()(n).map(() => ({ name: 'a', image: 'i' })))), applied],
  [
    'many labels',
    (n) =>
      patching(podOf([]), {
        ...podOf([]),
        metadata: { name: 'a', labels: Object.fromEntries(list(n, 10, (i) => [`l${i}`, ''])) },
      }),
    applied,
  ],
  [
    'many unknown fields below a long name',
    (n) =>
      patching(
        podOf([]),
        podOf([{ name: 'c'.repeat(n / 2), ...Object.fromEntries(list(n / 2, 10, (i) => [`l${i}`, ''])) }]),
      ),
    applied,
  ],
  [
    'many wrong types below a long name',
    (n) =>
      patching(
        podOf([]),
        podOf([{ name: 'c'.repeat(n / 2), env: list(n / 2, 10, (i) => ({ name: `e${i}`, value: 1 })) }]),
      ),
    applied,
  ],
  ['an item without its key', (n) => patching(podOf([]), podOf(list(n, 20, () => ({ image: 'i' })))), applied],
  [
    'managed fields of many paths',
    (n) => patching({ ...podOf([]), metadata: { name: 'a', managedFields: [entry(n)] } }, podOf([])),
    applied,
  ],
  [
    'managed fields of many managers',
    (n) =>
      patching(
        {
          ...podOf([]),
          metadata: { name: 'a', managedFields: list(n, 100, (i) => ({ ...entry(1), manager: `m${i}` })) },
        },
        podOf([]),
      ),
    applied,
  ],
]);
function entry(size: number): JsonObject {
  const fields = Object.fromEntries(list(size, 10, (i) => [`f:l${i}`, {}]));
  return {
    manager: 'x',
    operation: 'Update',
    apiVersion: 'v1',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:metadata': { 'f:labels': fields } },
  };
}
