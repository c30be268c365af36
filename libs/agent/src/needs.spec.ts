import { describe, expect, it } from '@jest/globals';
import { testPod, TestNode } from './test-node.js';

describe('a pod whose needs are not met yet', () => {
  it('waits for what a pod needs, and takes it up as soon as it is there', async () => {
    const node = new TestNode();
    await node.start();
    node.assign(
      testPod('needs', {
        volumes: [{ name: 'v', configMap: { name: 'cm' } }],
        containers: [
          {
            name: 'c',
            image: 'img:1',
            env: [{ name: 'K', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
            volumeMounts: [{ name: 'v', mountPath: '/v' }],
          },
        ],
      }),
    );
    await node.run(3000);
    expect(node.status('needs').containerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'ContainerCreating' } });
    expect(node.said('needs', 'FailedMount')[0]).toBe(
      'MountVolume.SetUp failed for volume "v" : configmap "cm" not found',
    );
    node.assign({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'cm', namespace: 'default', uid: 'u1' },
      data: { a: '1' },
    });
    await node.run(500);
    expect(node.status('needs').containerStatuses?.[0]?.state).toEqual({
      waiting: { reason: 'CreateContainerConfigError', message: 'secret "s" not found' },
    });
    node.assign({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', namespace: 'default', uid: 'u2' },
      data: { k: 'aHVzaA==' },
    });
    await node.run(500);
    expect(node.status('needs').phase).toBe('Running');
  });

  it('makes a container once its sub path has a value', async () => {
    const node = new TestNode();
    await node.start();
    const spec = {
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [
        {
          name: 'c',
          image: 'img:1',
          env: [{ name: 'AT', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['at']" } } }],
          volumeMounts: [{ name: 'v', mountPath: '/v', subPathExpr: '$(AT)/x' }],
        },
      ],
    };
    node.assign(testPod('named', spec));
    await node.run(3000);
    expect(node.status('named').containerStatuses?.[0]?.state).toEqual({
      waiting: { reason: 'CreateContainerConfigError', message: 'missing value for AT' },
    });
    node.assign(testPod('named', spec, { annotations: { at: 'here' } }));
    await node.run(500);
    expect(node.status('named').phase).toBe('Running');
  });
});
