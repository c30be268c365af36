import { describe, expect, it } from '@jest/globals';
import { createRegistry, namespaceKind, secretKind } from '#kinds';
import { CREATED, foldEvent, SPEC_CHANGED, type Kind, type StoredEvent } from '#model';
import { eventCodec, UnknownEvent } from './codec.js';
import { Projection } from './projection.js';
import { testKeys } from './testing.js';

/** A kind whose size was once a text, and before that was called length. */
const boats: Kind = {
  ...namespaceKind,
  id: 'test.io.boats',
  sealed: [['data']],
  events: ['BoatSunk'],
  schemaVersion: 3,
  upcasters: [
    ({ type, data }) => ({ type, data: { ...data, size: data['length'] ?? null } }),
    ({ type, data }) => ({
      type: type === 'SpecChanged' ? 'BoatSunk' : type,
      data: { ...data, size: Number(data['size']) },
    }),
  ],
};
const codec = eventCodec(createRegistry([namespaceKind, secretKind, boats]), testKeys);

function event(type: string, schemaVersion: number, parts: Partial<StoredEvent> = {}): StoredEvent {
  return {
    stream: 'test.io.boats/_/a',
    id: 'id',
    type,
    time: '2026-01-01T00:00:00.000Z',
    revision: 0,
    position: 7,
    data: {},
    metadata: { epoch: 1, actor: 'a', via: 'v', correlationId: 'c', schemaVersion },
    ...parts,
  };
}

describe('the codec', () => {
  it('reads what older builds wrote as what this one writes', () => {
    const { type, data, metadata } = codec.decode(event(SPEC_CHANGED, 1, { data: { length: '12' } }));
    expect({ type, size: data['size'], version: metadata.schemaVersion }).toEqual({
      type: 'BoatSunk',
      size: 12,
      version: 3,
    });
    expect(codec.decode(event(CREATED, 2, { data: { size: '3' } })).data).toEqual({ size: 3 });
    const newest = event('BoatSunk', 3, { data: { size: 5 } });
    expect(codec.decode(newest)).toMatchObject(newest);
  });
  it('shows an upcaster what was sealed in clear', () => {
    const written = event(SPEC_CHANGED, 1, {
      data: { uid: 'u', set: [[['data', 'key'], 'secret']], length: '1', sealed: [['data']] },
    });
    const sealed = { ...written, ...codec.encode(written.stream, written, written.revision) };
    expect(JSON.stringify(sealed)).not.toContain('secret');
    expect(codec.decode(sealed).data).toMatchObject({ set: [[['data', 'key'], 'secret']], size: 1 });
  });
  it('opens what a build sealed that did not record its paths', () => {
    const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a', uid: 'u' }, data: { key: 'secret' } };
    const stored = codec.encode('core.secrets/default/a', event(CREATED, 1, { data: { object } }), 0);
    expect(JSON.stringify(stored.data)).not.toMatch(/secret"|"sealed"/);
    const { data, metadata } = codec.decode({ ...event(CREATED, 1), ...stored, stream: 'core.secrets/default/a' });
    expect({ data, version: metadata.schemaVersion }).toEqual({
      data: { object, sealed: [['data'], ['stringData'], ['metadata', 'annotations']] },
      version: 2,
    });
  });
  it('folds objects of kinds that it does not know, sealed values included', () => {
    const stream = 'example.com.vaults/default/a';
    const object = {
      ...{ apiVersion: 'example.com/v1', kind: 'Vault', metadata: { name: 'a', uid: 'u' } },
      spec: { size: 1, secrets: { a: 'hidden-a', b: 'hidden-b' } },
    };
    const sealed = [['spec', 'secrets']];
    const changes = { set: [[['spec', 'secrets', 'c'], 'hidden-c']], unset: [['spec', 'secrets', 'a']] };
    const written = [
      event(CREATED, 0, { stream, data: { object, sealed } }),
      event(SPEC_CHANGED, 0, { stream, revision: 1, position: 8, data: { uid: 'u', ...changes, sealed } }),
      event(SPEC_CHANGED, 0, {
        ...{ stream, revision: 2, position: 9 },
        data: { uid: 'u', set: [[['spec'], { size: 2, secrets: { d: 'hidden-d' } }]], sealed },
      }),
    ].map((one) => ({ ...one, ...codec.encode(stream, one, one.revision) }));
    expect(JSON.stringify(written)).not.toContain('hidden');
    const view = new Projection(foldEvent);
    const shown = written.map((one) => {
      view.apply(codec.decode(one));
      return view.stream(stream);
    });
    expect(shown.map((state) => state?.object?.['spec'])).toEqual([
      object.spec,
      { size: 1, secrets: { b: 'hidden-b', c: 'hidden-c' } },
      { size: 2, secrets: { d: 'hidden-d' } },
    ]);
    for (const state of shown) {
      expect(JSON.stringify(state?.sealed)).not.toContain('hidden');
      expect(state?.sealed && codec.openObject(state.sealed.object, state.sealed.paths)).toEqual(state?.object);
    }
  });
  it('seals a snapshot, and shows none of an older build, whose form is not this one', () => {
    const snapshot = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a', uid: 'u' }, data: { key: 'secret' } };
    const data = { snapshot, uid: 'u', sealed: [['data']] };
    const written = event(SPEC_CHANGED, 2, { stream: 'core.secrets/default/a', data });
    const sealed = { ...written, ...codec.encode(written.stream, written, written.revision) };
    expect(JSON.stringify(sealed)).not.toContain('secret"');
    expect(Object.keys(sealed.data)).toEqual(['snapshot', 'uid', 'sealed']);
    const { sealedData, ...opened } = codec.decode(sealed) as StoredEvent & { sealedData?: object };
    expect(opened).toEqual(written);
    expect(sealedData).toEqual(sealed.data);
    expect(codec.decode(event(SPEC_CHANGED, 2, { data: { snapshot, size: '4' } })).data).toEqual({ size: 4 });
  });
  it('reads and writes no event that it does not know', () => {
    const unknown = [
      event('BoatStolen', 1),
      event(CREATED, 4),
      event(CREATED, 0),
      event(CREATED, 1, { stream: 'test.io.planes/_/a' }),
      event(CREATED, 1, { stream: 'shiplog.writers/_/writer' }),
      event('WriterElected', 2, { stream: 'shiplog.writers/_/writer' }),
    ];
    for (const one of unknown) {
      expect(() => codec.decode(one)).toThrow(UnknownEvent);
      expect(() => codec.encode(one.stream, one, one.revision)).toThrow(UnknownEvent);
    }
    expect(() => codec.decode(event('BoatStolen', 1))).toThrow(/"BoatStolen" .* of test.io.boats\/_\/a at position 7/);
    const elected = event('WriterElected', 1, { stream: 'shiplog.writers/_/writer' });
    expect(codec.decode(elected)).toBe(elected);
  });
});
