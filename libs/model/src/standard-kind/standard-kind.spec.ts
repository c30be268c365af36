import { describe, expect, it } from '@jest/globals';
import {
  f,
  fieldsV1,
  int32,
  list,
  map,
  object,
  string,
  type Kind,
  type KindRegistry,
  type KubeObject,
} from '../index.js';
import { specification, submit, testCommand, TEST_NOW, TestView } from '../testing/index.js';
import type { AdmissionPlugin } from './admission.js';
import { standardKind } from './standard-kind.js';

const entry = object('test.Entry', '', {
  manager: f(string, 1, ''),
  operation: f(string, 2, ''),
  apiVersion: f(string, 3, ''),
  time: f(string, 4, ''),
  fieldsType: f(string, 6, ''),
  fieldsV1: f(fieldsV1, 7, ''),
  subresource: f(string, 8, ''),
});
const meta = object('test.ObjectMeta', '', {
  name: f(string, 1, ''),
  generateName: f(string, 2, ''),
  namespace: f(string, 3, ''),
  uid: f(string, 5, ''),
  resourceVersion: f(string, 6, ''),
  generation: f(int32, 7, ''),
  creationTimestamp: f(string, 8, ''),
  deletionTimestamp: f(string, 9, ''),
  deletionGracePeriodSeconds: f(int32, 10, '', { pointer: true }),
  labels: f(map(string), 11, ''),
  finalizers: f(list(string), 14, '', { listType: 'set' }),
  managedFields: f(list(entry), 17, '', { listType: 'atomic' }),
});
const lamp = object('test.Lamp', '', {
  apiVersion: f(string, 0, ''),
  kind: f(string, 0, ''),
  metadata: f(meta, 1, '', { always: {} }),
  spec: f(object('test.LampSpec', '', { watts: f(int32, 1, '', { default: 40, pointer: true }) }), 2, '', {
    always: {},
  }),
  status: f(object('test.LampStatus', '', { lit: f(string, 1, '') }), 3, '', { always: {} }),
});

interface Lamp extends KubeObject {
  readonly spec: { readonly watts?: number };
}
const lamps = standardKind<Lamp>({
  names: { group: 'test.io', version: 'v1', kind: 'Lamp', plural: 'lamps', namespaced: true },
  schema: lamp,
  columns: [],
  subresources: [{ name: 'status', kind: 'Lamp', verbs: ['get', 'patch', 'update'] }],
  events: ['LampDimmed'],
  strategy: {
    generation: 'managed',
    validate: ({ spec }) =>
      (spec.watts ?? 0) > 100
        ? [{ type: 'Invalid', field: 'spec.watts', value: spec.watts, detail: 'too bright' }]
        : [],
    eventOf: (after, before) => (after.spec.watts === before.spec.watts ? undefined : { type: 'LampDimmed' }),
    gracePeriodSeconds: (_object, asked) => asked ?? 0,
  },
});
const noDarkness: AdmissionPlugin = {
  name: 'NoDarkness',
  mutate: ({ object: asked, operation }) =>
    operation === 'CREATE' && (asked as Lamp).spec.watts === 0 ? { ...asked, spec: { watts: 1 } } : asked,
  validate: ({ object: asked }) =>
    asked.metadata.labels?.['stolen'] === 'yes'
      ? { refused: true, code: 403, reason: 'Forbidden', message: 'no thieves' }
      : undefined,
};
function registryOf(kinds: readonly Kind[], admission: readonly AdmissionPlugin[] = []): KindRegistry {
  const all: KindRegistry = {
    all: kinds,
    at: () => all,
    admission,
    byId: (id) => kinds.find((kind) => kind.id === id),
    byResource: (_group, _version, plural) => kinds.find((kind) => kind.names.plural === plural),
    byKind: (group, version, name) =>
      kinds.find(({ names }) => names.kind === name && names.group === group && names.version === version),
  };
  return all;
}
const registry = registryOf([lamps as unknown as Kind], [noDarkness]);
const { given } = specification(registry);
const create = (metadata: object, spec: object = {}) =>
  ({ verb: 'create', kind: 'test.io.lamps', namespace: 'n', body: { metadata, spec } }) as never;
const on = (verb: string, parts: object = {}) =>
  ({ verb, kind: 'test.io.lamps', namespace: 'n', name: 'a', ...parts }) as never;

describe('a special event', () => {
  const dim = (event: object) => on('patch', { patchType: 'merge', body: { spec: { watts: 10 } }, event });
  it('is named by who asks, with facts of its own', () => {
    given()
      .and(create({ name: 'a' }))
      .when(dim({ type: 'LampDimmed', facts: { by: 'a timer' } }))
      .thenEvent('LampDimmed', {
        by: 'a timer',
        set: [
          [['metadata', 'generation'], 2],
          [['spec', 'watts'], 10],
        ],
      } as never);
  });
  it('is refused when the kind has none of this type, and where its facts would say what the object is', () => {
    for (const type of ['Deleted', 'Created', 'SpecChanged', 'LampStolen'])
      given()
        .and(create({ name: 'a' }))
        .when(dim({ type }))
        .thenRefused(400, `test.io.lamps has no special event "${type}"`);
    for (const name of ['object', 'uid', 'set', 'unset'])
      given()
        .and(create({ name: 'a' }))
        .when(dim({ type: 'LampDimmed', facts: { [name]: [] } }))
        .thenRefused(400, `"${name}" cannot be a fact of LampDimmed: it says what the object is`);
  });
});

describe('a creation', () => {
  it('is defaulted, gets an identity and generation 1, and is one event with the whole object', () => {
    given()
      .when(create({ name: 'a', generation: 7, uid: 'mine' }))
      .thenEvent('Created', {
        object: { apiVersion: 'test.io/v1', kind: 'Lamp', spec: { watts: 40 }, metadata: { name: 'a', generation: 1 } },
      } as never)
      .thenObject({ metadata: { creationTimestamp: '2026-01-01T12:00:00Z', namespace: 'n' } });
  });
  it('makes a name from a prefix and the uid, another one when that is taken', () => {
    const view = new TestView(registry);
    const names = [1, 2].map(() => {
      const decided = submit(registry, view, testCommand(create({ generateName: 'x-' })), TEST_NOW, 'the same uid');
      return 'name' in decided ? decided.name : 'refused';
    });
    expect(names[0]).toMatch(/^x-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(names[1]).not.toBe(names[0]);
  });
  it('is refused with all that is wrong, and when the name is taken', () => {
    given()
      .when(create({ name: 'A' }, { watts: 500 }))
      .thenRefused(422);
    given()
      .and(create({ name: 'a' }))
      .when(create({ name: 'a' }))
      .thenRefused(409, 'lamps.test.io "a" already exists');
  });
  it('meets admission before and after it is checked', () => {
    given()
      .when(create({ name: 'a' }, { watts: 0 }))
      .thenObject({ spec: { watts: 1 } });
    given()
      .when(create({ name: 'a', labels: { stolen: 'yes' } }))
      .thenRefused(403, 'no thieves');
  });
  it('tells unknown fields as the client wishes', () => {
    const body = { metadata: { name: 'a' }, spec: { volts: 1 } };
    const strict = {
      verb: 'create',
      kind: 'test.io.lamps',
      namespace: 'n',
      body,
      options: { fieldValidation: 'Strict' },
    };
    given()
      .when(strict as never)
      .thenRefused(
        400,
        'Lamp in version "v1" cannot be handled as a Lamp: strict decoding error: unknown field "spec.volts"',
      );
    const warned = given().when({ ...strict, options: { fieldValidation: 'Warn' } } as never);
    expect(warned.accepted.warnings).toEqual(['unknown field "spec.volts"']);
  });
  it('on a dry run answers all and records nothing', () => {
    const dry = {
      verb: 'create',
      kind: 'test.io.lamps',
      namespace: 'n',
      body: { metadata: { name: 'a' } },
      options: { dryRun: true },
    };
    given()
      .when(dry as never)
      .thenNothing()
      .thenObject({ metadata: { name: 'a' } });
  });
});

describe('a change', () => {
  const there = () => given().and(create({ name: 'a' }));
  it('is one event named for its strongest part, with only what changed', () => {
    there()
      .when(on('patch', { patchType: 'merge', body: { metadata: { labels: { l: '1' } } } }))
      .thenEvent('MetadataChanged');
    there()
      .when(on('patch', { patchType: 'merge', body: { spec: { watts: 60 } } }))
      .thenEvent('LampDimmed')
      .thenObject({ metadata: { generation: 2 } });
    there()
      .when(
        on('patch', {
          patchType: 'merge',
          subresource: 'status',
          body: { status: { lit: 'yes' }, spec: { watts: 1 } },
        }),
      )
      .thenEvent('StatusReported')
      .thenObject({ spec: { watts: 40 }, metadata: { generation: 1 } });
  });
  it('of nothing is no event', () => {
    there()
      .when(on('patch', { patchType: 'merge', body: { spec: { watts: 40 } } }))
      .thenNothing();
    there()
      .when(on('update', { body: { metadata: { name: 'a' }, status: { lit: 'no' } } }))
      .thenNothing();
  });
  it('conflicts only on a stated version or uid that is false', () => {
    const body = (metadata: object) => ({ body: { metadata: { name: 'a', ...metadata }, spec: { watts: 1 } } });
    there()
      .when(on('update', body({})))
      .thenEvent('LampDimmed');
    there()
      .when(on('update', body({ resourceVersion: '1' })))
      .thenEvent('LampDimmed');
    there()
      .when(on('update', body({ resourceVersion: '99' })))
      .thenRefused(409);
    there()
      .when(on('update', body({ uid: 'other' })))
      .thenRefused(409);
  });
  it('keeps who owns what', () => {
    const patched = there().when(
      on('patch', { patchType: 'merge', body: { spec: { watts: 60 } }, options: { fieldManager: 'dimmer' } }),
    );
    const entries = patched.accepted.object.metadata.managedFields ?? [];
    expect(entries.find((entry) => entry.manager === 'dimmer')?.fieldsV1).toEqual({ 'f:spec': { 'f:watts': {} } });
  });
  it('of what is not there is refused, by PUT and by patch', () => {
    given()
      .when(on('update', { body: { metadata: { name: 'a' } } }))
      .thenRefused(404, 'lamps.test.io "a" not found');
    given()
      .when(on('patch', { patchType: 'merge', body: {} }))
      .thenRefused(404);
  });
  it('by a patch that takes away what the object is', () => {
    const nameless = 'the name of the object (a based on URL) was undeterminable: name must be provided';
    there()
      .when(on('patch', { patchType: 'merge', body: { apiVersion: null } }))
      .thenRefused(400, nameless);
    there()
      .when(on('patch', { patchType: 'merge', body: { kind: 'Fan', spec: { watts: 1 } } }))
      .thenRefused(422);
    // A strategic patch is read as what it is for.
    there()
      .when(on('patch', { patchType: 'strategic', body: { kind: 'Fan', spec: { watts: 1 } } }))
      .thenEvent('LampDimmed');
  });
  it('by apply takes what is free and conflicts about what is owned', () => {
    const apply = (watts: number, manager: string, force = false) =>
      on('patch', {
        patchType: 'apply',
        body: { apiVersion: 'test.io/v1', kind: 'Lamp', metadata: { name: 'a' }, spec: { watts } },
        options: { fieldManager: manager, force },
      });
    given().when(apply(10, 'one')).thenEvent('Created');
    given().and(apply(10, 'one')).when(apply(20, 'two')).thenRefused(409);
    given()
      .and(apply(10, 'one'))
      .when(apply(20, 'two', true))
      .thenEvent('LampDimmed');
    given().and(apply(10, 'one')).when(apply(10, 'two')).thenEvent('MetadataChanged');
  });
});

describe('a deletion', () => {
  const held = () => given().and(create({ name: 'a', finalizers: ['example.com/hold'] }));
  it('that is over at once is the mark and the end, two events of which each is a state, answered by a Status', () => {
    const marked = given()
      .and(create({ name: 'a' }))
      .when(on('delete'))
      .thenEvent('DeletionRequested')
      .thenObject({ metadata: { deletionGracePeriodSeconds: 0 } });
    expect(marked.accepted.response).toMatchObject({ kind: 'Status', details: { name: 'a', kind: 'lamps' } });
    expect(marked.accepted.then).toMatchObject([{ verb: 'delete', body: { gracePeriodSeconds: 0 } }]);
    given()
      .and(create({ name: 'a' }))
      .and(on('delete'))
      .when(on('delete'))
      .thenRefused(404);
  });
  it('waits for finalizers and for grace', () => {
    held()
      .when(on('delete'))
      .thenEvent('DeletionRequested')
      .thenObject({ metadata: { generation: 2 } });
    held().and(on('delete')).when(on('delete')).thenNothing();
    given()
      .and(create({ name: 'a' }))
      .when(on('delete', { body: { gracePeriodSeconds: 5 } }))
      .thenEvent('DeletionRequested')
      .thenObject({ metadata: { deletionTimestamp: '2026-01-01T12:00:05Z', deletionGracePeriodSeconds: 5 } });
  });
  it('ends with the update that removes the last finalizer, in one event that carries the change', () => {
    held()
      .and(on('delete'))
      .when(on('patch', { patchType: 'merge', body: { metadata: { finalizers: null }, spec: { watts: 5 } } }))
      .thenEvent('Deleted')
      .thenObject({ spec: { watts: 5 } });
  });
  it('puts the finalizer of the wished propagation', () => {
    for (const [propagationPolicy, finalizer] of [
      ['Foreground', 'foregroundDeletion'],
      ['Orphan', 'orphan'],
    ] as const) {
      given()
        .and(create({ name: 'a' }))
        .when(on('delete', { body: { propagationPolicy } }))
        .thenEvent('DeletionRequested')
        .thenObject({ metadata: { finalizers: [finalizer] } });
    }
    given()
      .when(on('delete', { body: { propagationPolicy: 'Sideways' } }))
      .thenRefused(422);
  });
  it('holds its preconditions on the fresh object', () => {
    given()
      .and(create({ name: 'a' }))
      .when(on('delete', { body: { preconditions: { uid: 'other' } } }))
      .thenRefused(409);
  });
});
