import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '#model';
import { specification, type TestCommand } from '#model/testing';
import type { JsonObject } from '#std';
import { registry } from '../../index.js';

const { given } = specification(registry);
const kind = 'storage.k8s.io.csinodes';
const driver = {
  name: 'csi.example.com',
  nodeID: 'n-1',
  topologyKeys: ['example.com/zone'],
  allocatable: { count: 2 },
};
const stored = (drivers: readonly JsonObject[], metadata: JsonObject = {}): KubeObject => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSINode',
  metadata: { name: 'n', uid: 'uid-of-n', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
  spec: { drivers },
});
const create = (drivers: readonly JsonObject[] | undefined, more: Partial<TestCommand> = {}) =>
  given().when({ verb: 'create', kind, body: { metadata: { name: 'n' }, spec: drivers ? { drivers } : {} }, ...more });
const change = (drivers: readonly JsonObject[], more: Partial<TestCommand> = {}) =>
  given([stored([driver])]).when({
    verb: 'patch',
    patchType: 'merge',
    kind,
    name: 'n',
    body: { spec: { drivers } },
    ...more,
  });
const causes = (outcome: ReturnType<typeof create>) =>
  outcome.refusal.details?.causes?.map(({ field, message }) => `${field}: ${(message ?? '').slice(0, 60)}`);

describe('a CSINode', () => {
  it('has drivers, or none', () => {
    create([driver]).thenObject({ spec: { drivers: [driver] } });
    create([]).thenObject({ spec: { drivers: null } });
    create(undefined).thenObject({ spec: { drivers: null } });
  });

  it('shows an empty list of topology keys as none', () => {
    create([{ name: 'a', nodeID: 'id', topologyKeys: [] }]).thenObject({
      spec: { drivers: [{ name: 'a', nodeID: 'id', topologyKeys: null }] },
    });
  });

  it.each<[string, readonly JsonObject[], readonly string[]]>([
    ['without a name', [{ nodeID: 'id' }], ['spec.drivers[0].name: Required value']],
    [
      'with a long name',
      [{ name: 'a'.repeat(64), nodeID: 'id' }],
      ['spec.drivers[0].name: Too long: may not be more than 63 bytes'],
    ],
    ['without a node id', [{ name: 'a' }], ['spec.drivers[0].nodeID: Required value']],
    ['that is there twice', [driver, driver], ['spec.drivers[1].name: Duplicate value: "csi.example.com"']],
    [
      'that takes less than no volume',
      [{ ...driver, allocatable: { count: -1 } }],
      ['spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0'],
    ],
    ['with a topology key twice', [{ ...driver, topologyKeys: ['z', 'z'] }], ['spec.drivers[0]: Duplicate value: "z"']],
  ])('refuses a driver %s', (_what, drivers, problems) => {
    expect(causes(create(drivers))).toEqual(problems);
  });

  it('takes a node id of 256 bytes', () => {
    create([{ name: 'a', nodeID: 'n'.repeat(256) }]).thenEvent('Created');
    expect(create([{ name: 'a', nodeID: 'n'.repeat(257) }]).refusal.message).toContain(
      'must be 256 characters or less',
    );
    expect(create([{ name: 'a', nodeID: 'ä'.repeat(129) }]).refusal.message).toContain(
      'must be 256 characters or less',
    );
  });

  it('tells of each thing that is wrong with a topology key', () => {
    expect(causes(create([{ ...driver, topologyKeys: [''] }]))).toEqual([
      'spec.drivers[0]: Required value',
      'spec.drivers[0]: Invalid value: "": name part must be non-empty',
      'spec.drivers[0]: Invalid value: "": name part must consist of alphanumeric ch',
    ]);
  });

  it('keeps node id and topology keys of a driver that stays; its limit may change', () => {
    const roomier = { ...driver, allocatable: { count: 9 } };
    change([roomier]).thenObject({ spec: { drivers: [roomier] } });
    change([]).thenObject({ spec: { drivers: null } });
    change([{ ...driver, name: 'other' }]).thenEvent('SpecChanged');
    expect(change([{ ...driver, nodeID: 'n-2' }]).refusal.message).toBe(
      'CSINode.storage.k8s.io "n" is invalid: spec.drivers: Invalid value: {"Name":"csi.example.com","NodeID":"n-2","TopologyKeys":["example.com/zone"],"Allocatable":null}: field is immutable',
    );
    expect(change([{ name: 'csi.example.com', nodeID: 'n-1' }]).refusal.message).toContain(
      '"TopologyKeys":null,"Allocatable":null}: field is immutable',
    );
  });

  it('names each problem of an update twice, as it is checked twice', () => {
    expect(causes(change([driver, { name: 'b' }]))).toEqual([
      'spec.drivers[1].nodeID: Required value',
      'spec.drivers[1].nodeID: Required value',
    ]);
  });

  it('is not put without the version that was read', () => {
    given([stored([driver])])
      .when({ verb: 'update', kind, name: 'n', body: { metadata: { name: 'n' }, spec: { drivers: [] } } })
      .thenRefused(
        422,
        'csinodes.storage.k8s.io "n" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
      );
  });

  it('keeps the generation that it was made with', () => {
    given([stored([], { generation: 7 })])
      .when({ verb: 'patch', patchType: 'merge', kind, name: 'n', body: { spec: { drivers: [driver] } } })
      .thenObject({ metadata: { generation: 7 } } as JsonObject);
  });

  it('is written by the node of its name alone', () => {
    const actor = { name: 'system:node:n', groups: ['system:nodes', 'system:authenticated'] };
    create([driver], { actor }).thenEvent('Created');
    change([], { actor }).thenEvent('SpecChanged');
    const other = { ...actor, name: 'system:node:m' };
    const why =
      'csinodes.storage.k8s.io "n" is forbidden: can only access CSINode with the same name as the requesting node';
    create([driver], { actor: other }).thenRefused(403, why);
    change([], { actor: other }).thenRefused(403, why);
    given([stored([driver])])
      .when({ verb: 'delete', kind, name: 'n', actor: other })
      .thenRefused(403, why);
  });
});
