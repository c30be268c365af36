import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isJsonObject, type JsonObject } from '#std';
import { serverSideApply, type ServerSideApply } from './apply.js';
import { difference, intersection, pathsOf, setOf, union, type FieldSet } from './field-set.js';
import { pathText } from './path-element.js';
import { parentManagedFields, scaleManagedFields } from './scale-fields.js';
import type { Shape } from './shape.js';
import { trackUpdate } from './track-update.js';

const text: Shape = { is: 'scalar', scalar: 'string' };
const number: Shape = { is: 'scalar', scalar: 'int32' };
const words: Shape = { is: 'map', values: text };
const field = (type: Shape, options = {}): { type: Shape; options: object } => ({ type, options });
const port: Shape = {
  is: 'object',
  options: {},
  fields: { containerPort: field(number), protocol: field(text, { default: 'TCP' }), name: field(text) },
};
const metadata: Shape = {
  is: 'object',
  options: {},
  fields: {
    name: field(text),
    labels: field(words),
    annotations: field(words),
    uid: field(text),
    finalizers: field({ is: 'list', items: text }, { listType: 'set' }),
    managedFields: field({ is: 'list', items: words }),
  },
};
const spec: Shape = {
  is: 'object',
  options: {},
  fields: {
    replicas: field(number),
    strategy: field({ is: 'object', options: {}, fields: { surge: field(number) } }),
    args: field({ is: 'list', items: text }),
    selector: field({ ...words }, { mapType: 'atomic' }),
    ports: field({ is: 'list', items: port }, { listType: 'map', mapKeys: ['containerPort', 'protocol'] }),
  },
};
const shape: Shape = {
  is: 'object',
  options: {},
  fields: {
    apiVersion: field(text),
    kind: field(text),
    metadata: field(metadata),
    data: field(words),
    spec: field(spec, { always: {} }),
    status: field(words),
  },
};

const now = Date.parse('2026-01-01T00:00:00Z');
const base = { shape, apiVersion: 'v1', now };
const thing = (parts: JsonObject, meta: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name: 'a', ...meta },
  ...parts,
});
const created = (manager: string, object: JsonObject): JsonObject =>
  trackUpdate({ ...base, before: undefined, after: object, manager });
const changed = (manager: string, before: JsonObject, parts: JsonObject, more = {}): JsonObject =>
  trackUpdate({ ...base, before, after: { ...before, ...parts }, manager, ...more });
const apply = (
  manager: string,
  live: JsonObject | undefined,
  applied: JsonObject,
  more: Partial<ServerSideApply> = {},
) => serverSideApply({ ...base, live, applied, manager, force: false, ...more });
const applied = (
  manager: string,
  live: JsonObject | undefined,
  configuration: JsonObject,
  more: Partial<ServerSideApply> = {},
): JsonObject => {
  const result = apply(manager, live, configuration, more);
  if (result.object === undefined) throw new Error(JSON.stringify(result));
  return result.object;
};
/** `manager/operation: .path .path` of each entry. */
const owners = (object: JsonObject): readonly string[] => {
  const meta = isJsonObject(object['metadata']) ? object['metadata'] : {};
  const entries = (meta['managedFields'] ?? []) as readonly JsonObject[];
  return entries.map((entry) => {
    const paths = pathsOf(entry['fieldsV1'] as unknown as FieldSet).map(pathText);
    return `${String(entry['manager'])}/${String(entry['operation'])}: ${paths.join(' ')}`;
  });
};

describe('updates', () => {
  it('give the creator all that was not always there', () => {
    const object = created('me', thing({ data: { a: '1' }, spec: { replicas: 1 } }));
    expect(owners(object)).toEqual(['me/Update: .data .data.a .spec.replicas']);
  });
  it('move a field with its change and drop it with its removal', () => {
    let object = created('me', thing({ data: { a: '1', b: '1' } }));
    object = changed('you', object, { data: { a: '2', b: '1' } });
    expect(owners(object)).toEqual(['me/Update: .data .data.b', 'you/Update: .data.a']);
    object = changed('third', object, { data: { a: '2' } });
    expect(owners(object)).toEqual(['me/Update: .data', 'you/Update: .data.a']);
  });
  it('of keys that JavaScript calls its own are told like all others', () => {
    const odd = JSON.parse('{"constructor":"1","__proto__":"1"}') as JsonObject;
    const object = created('me', thing({ data: { a: '1' } }));
    const more = changed('you', object, { data: { a: '1', ...odd } });
    expect(owners(more)[1]).toBe('you/Update: .data.__proto__ .data.constructor');
    expect(owners(changed('me', more, { data: { a: '1' } }))).toEqual(owners(object));
    const both = applied('third', more, thing({ data: odd }));
    expect(both['data']).toEqual(more['data']);
    expect(Object.keys(applied('third', both, thing({}))['data'] as JsonObject).sort()).toEqual([
      '__proto__',
      'a',
      'constructor',
    ]);
  });
  it('that change nothing leave the very same object', () => {
    const object = created('me', thing({ data: { a: '1' } }));
    expect(trackUpdate({ ...base, before: object, after: object, manager: 'you' })).toBe(object);
  });
  it('are not tracked once nobody owns anything', () => {
    const object = created('me', thing({ data: { a: '1' } }));
    const reset = changed('me', object, { metadata: { name: 'a', managedFields: [{}] } });
    expect(owners(reset)).toEqual([]);
    expect(owners(changed('you', reset, { data: { a: '2' } }))).toEqual([]);
  });
  it('keep the live owners when a client sends what cannot be read', () => {
    const object = created('me', thing({ data: { a: '1' } }));
    const managedFields = [
      { manager: 'x', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { x: {} } },
    ];
    expect(owners(changed('you', object, { metadata: { name: 'a', managedFields } }))).toEqual(owners(object));
  });
  it('of another subresource have an entry of their own, and cannot touch what they ignore', () => {
    const object = created('me', thing({ spec: { replicas: 1 } }));
    const more = { subresource: 'status', ignore: [['spec']] };
    const after = changed('me', object, { status: { a: '1' }, spec: { replicas: 9 } }, more);
    expect(owners(after)).toEqual(['me/Update: .spec.replicas', 'me/Update: .status .status.a']);
  });
  it('of more than ten managers are folded, the oldest first', () => {
    let object = created('m0', thing({ data: { m0: '1' } }));
    for (let i = 1; i <= 12; i++) {
      const data = { ...(object['data'] as JsonObject), [`m${i}`]: '1' };
      object = changed(`m${i}`, object, { data }, { now: now + i * 1000 });
    }
    const entries = owners(object);
    expect(entries).toHaveLength(10);
    expect(entries[0]).toBe('ancient-changes/Update: .data .data.m0 .data.m1 .data.m2 .data.m3');
  });
});

describe('server-side apply', () => {
  it('merges lists by their keys and completes keys by their defaults', () => {
    const mine = applied('me', undefined, thing({ spec: { ports: [{ containerPort: 80 }] } }));
    const both = applied(
      'you',
      mine,
      thing({ spec: { ports: [{ containerPort: 80, protocol: 'UDP' }, { containerPort: 1 }] } }),
    );
    expect(both['spec']).toEqual({
      ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP' }, { containerPort: 1 }],
    });
    expect(owners(both)[0]).toBe(
      'me/Apply: .spec.ports[containerPort=80,protocol="TCP"] .spec.ports[containerPort=80,protocol="TCP"].containerPort',
    );
  });
  it('removes what its manager leaves out and no one else owns', () => {
    let object = applied('me', undefined, thing({ data: { a: '1', b: '1' }, spec: { strategy: { surge: 1 } } }));
    object = applied('you', object, thing({ data: { b: '1' } }));
    object = applied('me', object, thing({}));
    expect(object['data']).toEqual({ b: '1' });
    expect(object['spec']).toBeUndefined();
    expect(owners(object)).toEqual(['you/Apply: .data.b']);
  });
  it('conflicts with others, names them, and takes over by force', () => {
    const object = created('me', thing({ data: { a: '1', b: '1' } }));
    const result = apply('you', object, thing({ data: { a: '2', b: '2' } }));
    expect(result.conflicts?.message).toBe(
      'Apply failed with 2 conflicts: conflicts with "me" using v1:\n- .data.a\n- .data.b',
    );
    const forced = applied('you', object, thing({ data: { a: '2', b: '2' } }), { force: true });
    expect(owners(forced)).toEqual(['you/Apply: .data.a .data.b', 'me/Update: .data']);
  });
  it('shares what is equal', () => {
    const object = created('me', thing({ data: { a: '1' } }));
    const shared = applied('you', object, thing({ data: { a: '1' } }));
    expect(owners(shared)).toEqual(['you/Apply: .data.a', 'me/Update: .data .data.a']);
    const [entry] = (shared['metadata'] as JsonObject)['managedFields'] as readonly JsonObject[];
    expect(entry?.['time']).toBeUndefined();
  });
  it('treats atomic lists and maps as one value and sets item by item', () => {
    const object = applied(
      'me',
      undefined,
      thing({ spec: { args: ['a'], selector: { a: 'b' } } }, { finalizers: ['x/1', 'x/2'] }),
    );
    expect(owners(object)).toEqual([
      'me/Apply: .metadata.finalizers[="x/1"] .metadata.finalizers[="x/2"] .spec.args .spec.selector',
    ]);
    expect(apply('you', object, thing({ spec: { args: ['a', 'b'] } })).conflicts?.message).toBe(
      'Apply failed with 1 conflict: conflict with "me": .spec.args',
    );
    const less = applied('me', object, thing({}, { finalizers: ['x/2'] }));
    expect((less['metadata'] as JsonObject)['finalizers']).toEqual(['x/2']);
  });
  it('finds owners of what was there before', () => {
    const object = applied('me', thing({ data: { a: '1' } }), thing({ data: { b: '1' } }));
    expect(owners(object)).toEqual(['me/Apply: .data.b', 'before-first-apply/Update: .data .data.a']);
  });
  it('leaves its time where it changes anything of the object, if only what the kind sets back', () => {
    const live = created('me', thing({ status: { phase: 'Up' }, spec: { replicas: 1 } }));
    const more = { subresource: 'status', ignore: [['spec']] };
    const timeOfYou = (parts: JsonObject): unknown => {
      const { managedFields } = applied('you', live, thing(parts), more)['metadata'] as JsonObject;
      return (managedFields as readonly JsonObject[]).find(({ manager }) => manager === 'you')?.['time'];
    };
    expect(timeOfYou({ status: { phase: 'Up' } })).toBeUndefined();
    expect(timeOfYou({ status: { phase: 'Up' }, spec: { replicas: 9 } })).toBe('2026-01-01T00:00:00Z');
  });
  it('takes over from the client side where kubectl had applied', () => {
    const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
    const last = `${JSON.stringify(thing({ data: { a: '1' } }))}\n`;
    const object = created(
      'kubectl-client-side-apply',
      thing({ data: { a: '1' } }, { annotations: { [annotation]: last } }),
    );
    expect(apply('flux', object, thing({ data: { a: '2' } })).conflicts).toBeDefined();
    const taken = applied('kubectl', object, thing({ data: { a: '2' } }));
    const annotations = (taken['metadata'] as JsonObject)['annotations'] as JsonObject;
    expect(annotations[annotation]).toBe(
      '{"apiVersion":"v1","data":{"a":"2"},"kind":"Thing","metadata":{"name":"a"}}\n',
    );
  });
  it.each([
    '{"data":{"a":"1"}}',
    '{"apiVersion":"v2","kind":"Thing","data":{"a":"1"}}',
    '{"apiVersion":"v1","data":{"a":"1"}}',
  ])('takes nothing over by an annotation that is not of this version of the kind: %s', (last) => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': last };
    const object = created('kubectl-client-side-apply', thing({ data: { a: '1' } }, { annotations }));
    expect(apply('kubectl', object, thing({ data: { a: '2' } })).conflicts).toBeDefined();
  });
  it.each([
    [{ data: { x: 5 } }, '.data.x: expected string, got &value.valueUnstructured{Value:5}'],
    [{ nope: 1 }, '.nope: field not declared in schema'],
    [{ spec: { ports: {} } }, '.spec.ports: expected list, got &{map[]}'],
    [{ spec: { replicas: 'x' } }, '.spec.replicas: expected numeric (int or float), got string'],
    [
      { spec: { ports: [{ containerPort: 1 }, { containerPort: 1, protocol: 'TCP' }] } },
      '.spec.ports: duplicate entries for key [containerPort=1,protocol="TCP"]',
    ],
  ])('refuses %j', (parts, problem) => {
    expect(apply('me', undefined, thing(parts)).problem).toEqual({
      code: 500,
      reason: '',
      message: `failed to create typed patch object (/a; /v1, Kind=Thing): ${problem}`,
    });
  });
  it('takes no managedFields', () => {
    expect(apply('me', undefined, thing({}, { managedFields: [] })).problem?.message).toBe(
      'metadata.managedFields must be nil',
    );
  });
});

describe('a Scale and its parent', () => {
  it('tell each other who owns replicas', () => {
    const parent = created('me', thing({ spec: { replicas: 1, args: ['a'] } }));
    const entries = scaleManagedFields(parent, ['spec', 'replicas']) as readonly JsonObject[];
    expect(entries[0]).toMatchObject({ manager: 'me', apiVersion: 'autoscaling/v1' });
    const scaled = {
      metadata: { managedFields: [{ ...entries[0], manager: 'scaler', subresource: 'scale' }] },
    } as unknown as JsonObject;
    const after = parentManagedFields(parent, scaled, ['spec', 'replicas'], 'v1');
    expect(owners(after)).toEqual(['scaler/Update: .spec.replicas', 'me/Update: .spec.args']);
  });
});

describe('properties', () => {
  const path = fc.array(fc.constantFrom('f:a', 'f:b', 'k:{"n":1}'), { minLength: 1, maxLength: 3 });
  const set = fc.array(path, { maxLength: 6 }).map((paths) => setOf(...paths));
  const listed = (s: FieldSet): readonly string[] =>
    pathsOf(s)
      .map((p) => p.join('/'))
      .sort();
  it('sets behave as sets of paths do', () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        const [left, right] = [new Set(listed(a)), new Set(listed(b))];
        expect(listed(union(a, b))).toEqual([...new Set([...left, ...right])].sort());
        expect(listed(intersection(a, b))).toEqual([...left].filter((p) => right.has(p)).sort());
        expect(listed(difference(a, b))).toEqual([...left].filter((p) => !right.has(p)).sort());
      }),
    );
  });
  const configuration = fc.record(
    {
      data: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2')),
      spec: fc.record(
        {
          replicas: fc.nat(3),
          ports: fc.uniqueArray(fc.nat(3)).map((all) => all.map((containerPort) => ({ containerPort }))),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  );
  it('applying twice is applying once, and a forced apply is what the object then says', () => {
    fc.assert(
      fc.property(configuration, configuration, (first, second) => {
        const before = applied('me', undefined, thing(first as JsonObject));
        const once = applied('you', before, thing(second as JsonObject), { force: true });
        expect(applied('you', once, thing(second as JsonObject))).toEqual(once);
        expect(once['data'] ?? {}).toMatchObject(second.data ?? {});
      }),
    );
  });
});
