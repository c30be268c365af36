import { describe, it } from '@jest/globals';
import { specification, type TestCommand } from '#model/testing';
import { registry } from '../../index.js';

const { given } = specification(registry);
const create = (fields: object = {}): TestCommand => ({
  verb: 'create',
  kind: 'core.nodes',
  body: { metadata: { name: 'n' }, ...fields },
});

describe('a node', () => {
  it('is not ready for pods at first, and keeps the status it came with', () => {
    given()
      .when(create({ status: { capacity: { cpu: '4' } } }))
      .thenObject({
        spec: { taints: [{ effect: 'NoSchedule', key: 'node.kubernetes.io/not-ready' }] },
        status: { capacity: { cpu: '4' }, allocatable: { cpu: '4' } },
      });
  });
  it('has taints that can be told apart', () => {
    const twice = [
      { key: 'a', effect: 'NoSchedule' },
      { key: 'a', effect: 'NoSchedule', value: '2' },
    ];
    given()
      .when(create({ spec: { taints: twice } }))
      .thenRefused(422);
    given()
      .when(create({ spec: { taints: [{ key: 'a', effect: 'Never' }] } }))
      .thenRefused(422);
  });
  it('keeps its pod ranges', () => {
    const patch: TestCommand = {
      verb: 'patch',
      patchType: 'merge',
      kind: 'core.nodes',
      name: 'n',
      body: { spec: { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'] } },
    };
    given()
      .and(create({ spec: { podCIDR: '10.0.0.0/24' } }))
      .when(patch)
      .thenRefused(422);
    given().and(create()).when(patch).thenEvent('SpecChanged');
  });
});
