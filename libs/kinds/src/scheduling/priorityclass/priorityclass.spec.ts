import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '#model';
import { specification } from '#model/testing';
import type { JsonObject } from '#std';
import { registry } from '../../index.js';

const { given } = specification(registry);
const kind = 'scheduling.k8s.io.priorityclasses';
const stored = (name: string, more: JsonObject = {}): KubeObject => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name, uid: `uid-of-${name}`, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' },
  ...{ value: 100, preemptionPolicy: 'Never', ...more },
});
const create = (name: string, more: JsonObject, objects: readonly KubeObject[] = []) =>
  given(objects).when({ verb: 'create', kind, body: { metadata: { name }, ...more } });
const patch = (object: KubeObject, body: JsonObject) =>
  given([object]).when({ verb: 'patch', patchType: 'merge', kind, name: object.metadata.name, body });
const namespace = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'default', uid: 'n', creationTimestamp: '2026-01-01T00:00:00Z' },
  status: { phase: 'Active' },
} as KubeObject;
const account = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'default', namespace: 'default', uid: 's', creationTimestamp: '2026-01-01T00:00:00Z' },
} as KubeObject;

describe('a priority class', () => {
  it('preempts unless it says otherwise', () => {
    create('own', { value: 7 }).thenObject({
      value: 7,
      preemptionPolicy: 'PreemptLowerPriority',
      metadata: { name: 'own', generation: 1 },
    } as JsonObject);
    create('own', {}).thenObject({ value: 0 });
  });

  it('is above no class of the system, and takes none of their names', () => {
    create('own', { value: 1_000_000_000 }).thenObject({ value: 1_000_000_000 });
    expect(create('own', { value: 1_000_000_001 }).refusal.message).toContain(
      'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
    );
    const reserved = "priority class names with 'system-' prefix are reserved for system use only. error:";
    expect(create('system-x', { value: 1 }).refusal.message).toContain(
      `metadata.name: Forbidden: ${reserved} system-x is not a known system priority class`,
    );
    expect(create('system-node-critical', { value: 1 }).refusal.message).toContain(
      `${reserved} value of system-node-critical PriorityClass must be 2000001000`,
    );
  });

  it('without a name is told so, whatever else is wrong', () => {
    given([])
      .when({ verb: 'create', kind, body: { value: 1_000_000_001 } })
      .thenRefused(
        422,
        'PriorityClass.scheduling.k8s.io "" is invalid: [metadata.name: Required value: name or generateName is required, value: Forbidden: maximum allowed value of a user defined priority is 1000000000]',
      );
  });

  it('keeps its value and its policy, whatever else changes, and its generation', () => {
    expect(patch(stored('p'), { value: 5 }).refusal.message).toContain(
      'value: Forbidden: may not be changed in an update.',
    );
    expect(patch(stored('p'), { preemptionPolicy: null }).refusal.message).toContain(
      'preemptionPolicy: Invalid value: "PreemptLowerPriority": field is immutable',
    );
    patch(stored('p'), { description: 'd' }).thenObject({
      description: 'd',
      metadata: { generation: 1 },
    } as JsonObject);
  });

  it('of the system is not deleted', () => {
    const system = stored('system-cluster-critical', { value: 2_000_000_000 });
    given([system])
      .when({ verb: 'delete', kind, name: 'system-cluster-critical' })
      .thenRefused(
        403,
        'priorityclasses.scheduling.k8s.io "system-cluster-critical" is forbidden: this is a system priority class and cannot be deleted',
      );
    given([stored('p')])
      .when({ verb: 'delete', kind, name: 'p' })
      .thenEvent('Deleted');
  });

  it('is the default alone, and pods that name none have its priority', () => {
    const usual = stored('usual', { globalDefault: true });
    expect(create('second', { value: 1, globalDefault: true }, [usual]).refusal.message).toBe(
      'priorityclasses.scheduling.k8s.io "second" is forbidden: PriorityClass usual is already marked as default. Only one default can exist',
    );
    create('second', { value: 1 }, [usual]).thenObject({ value: 1 });
    const containers = [{ name: 'c', image: 'i' }];
    given([namespace, account, usual])
      .when({
        verb: 'create',
        kind: 'core.pods',
        namespace: 'default',
        body: { metadata: { name: 'a' }, spec: { containers } },
      })
      .thenObject({ spec: { priority: 100, priorityClassName: 'usual', preemptionPolicy: 'Never' } });
  });
});
