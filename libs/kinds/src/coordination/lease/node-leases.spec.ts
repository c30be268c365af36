import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '#model';
import { specification, TEST_NOW } from '#model/testing';
import { registry } from '../../index.js';
import { nodeLeases } from './node-leases.js';

const { given } = specification(registry);
const RENEWED = TEST_NOW + 10_123;
const object = (kind: string, name: string): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, uid: `uid-of-${name}`, creationTimestamp: '2026-01-01T11:00:00Z' },
});
const cluster = [object('Namespace', 'kube-node-lease'), object('Node', 'n.1')];

describe('the lease of a node', () => {
  it('is, field for field, what the server would store of a kubelet that writes one', () => {
    const { view } = given(cluster);
    const lease = nodeLeases.object({ name: 'n.1', fact: RENEWED }, view);
    const { accepted } = given(cluster).when(
      {
        verb: 'create',
        kind: 'coordination.k8s.io.leases',
        namespace: 'kube-node-lease',
        options: { fieldManager: 'kubelet' },
        body: {
          metadata: {
            name: 'n.1',
            namespace: 'kube-node-lease',
            ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n.1', uid: 'uid-of-n.1' }],
          },
          spec: { holderIdentity: 'n.1', leaseDurationSeconds: 40, renewTime: '2026-01-01T12:00:10.123000Z' },
        },
      },
      RENEWED,
    );
    const written = accepted.object;
    expect(JSON.parse(JSON.stringify(lease))).toEqual({
      ...written,
      metadata: {
        ...written.metadata,
        // It is as old as its node, keeps its uid, and has the version of the view that it is read from.
        creationTimestamp: '2026-01-01T11:00:00Z',
        uid: lease?.metadata.uid,
        resourceVersion: '2',
      },
    });
    expect(Object.keys(lease?.metadata ?? {})).toEqual(Object.keys(lease?.metadata ?? {}).sort());
  });

  it('keeps its uid as long as the node keeps its own', () => {
    const [, node] = cluster as [KubeObject, KubeObject];
    const uid = (nodeUid: string, renewed: number): string | undefined =>
      nodeLeases.object(
        { name: 'n.1', fact: renewed },
        given([cluster[0] as KubeObject, { ...node, metadata: { ...node.metadata, uid: nodeUid } }]).view,
      )?.metadata.uid;
    expect(uid('a', 1)).toBe(uid('a', 2));
    expect(uid('a', 1)).not.toBe(uid('b', 1));
  });

  it('is not there without its node, its namespace or a heartbeat', () => {
    expect(nodeLeases.object({ name: 'other', fact: RENEWED }, given(cluster).view)).toBeUndefined();
    expect(nodeLeases.object({ name: 'n.1', fact: RENEWED }, given(cluster.slice(1)).view)).toBeUndefined();
    expect(nodeLeases.object({ name: 'n.1', fact: null }, given(cluster).view)).toBeUndefined();
    const mayHave = (name: string): boolean => nodeLeases.mayHave(given(cluster).view, { name });
    expect(['n.1', 'other'].map(mayHave)).toEqual([true, false]);
    expect(nodeLeases.mayHave(given(cluster.slice(0, 1)).view, {})).toBe(false);
  });
});
