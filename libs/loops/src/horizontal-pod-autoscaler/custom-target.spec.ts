import { describe, expect, it } from '@jest/globals';
import {
  horizontalPodAutoscalers,
  registry,
  type CustomResourceDefinition,
  type HorizontalPodAutoscaler,
} from '#kinds';
import { kindRef, type KubeObject } from '#model';
import { TestCluster } from '../shared/testing/index.js';
import { horizontalPodAutoscaler } from './index.js';

describe('an object of a custom kind', () => {
  it('is scaled by the paths that its definition names', () => {
    const cluster = new TestCluster([horizontalPodAutoscaler(registry)]);
    cluster.put<CustomResourceDefinition>({
      ...{
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'herds.example.com' },
      },
      spec: {
        ...{
          group: 'example.com',
          scope: 'Namespaced',
          names: { plural: 'herds', kind: 'Herd', listKind: 'HerdList', singular: 'herd' },
        },
        versions: [
          {
            ...{ name: 'v1', served: true, storage: true },
            schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
            subresources: { status: {}, scale: { specReplicasPath: '.spec.head', statusReplicasPath: '.status.head' } },
          },
        ],
      },
      status: {
        acceptedNames: { plural: 'herds', kind: 'Herd', listKind: 'HerdList', singular: 'herd' },
        conditions: ['NamesAccepted', 'Established'].map((type) => ({ type, status: 'True' })),
        storedVersions: ['v1'],
      },
    } as never);
    const herds = kindRef<KubeObject>('example.com.herds');
    cluster.view.put({
      ...{ apiVersion: 'example.com/v1', kind: 'Herd', metadata: { name: 'h', namespace: 'default', uid: 'herd' } },
      spec: { head: 1 },
    });
    cluster.put<HorizontalPodAutoscaler>({
      ...{
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'h', namespace: 'default' },
      },
      spec: {
        scaleTargetRef: { apiVersion: 'example.com/v1', kind: 'Herd', name: 'h' },
        minReplicas: 3,
        maxReplicas: 5,
      },
    });
    cluster.settle();
    expect(cluster.view.get(herds, 'default', 'h')?.['spec']).toEqual({ head: 3 });
    cluster.pass(16_000);
    const { conditions = [] } = cluster.view.get(horizontalPodAutoscalers, 'default', 'h')?.status ?? {};
    const active = conditions.find(({ type }) => type === 'ScalingActive');
    expect(`${active?.reason ?? ''}: ${active?.message ?? ''}`).toBe(
      "InvalidSelector: the HPA target's scale is missing a selector",
    );
  });
});
