import { describe, expect, it } from '@jest/globals';
import type { ContainerSpec } from '#ports';
import { TestNode, testPod } from './test-node.js';

describe('a pod that demands what its node cannot do', () => {
  it('is rejected with the reason in its status, and never begun', async () => {
    const node = new TestNode();
    await node.start();
    node.assign(testPod('own-users', { hostUsers: false }));
    node.assign(testPod('confined', { securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } }));
    await node.run(2000);
    expect(node.status('own-users')).toMatchObject({
      phase: 'Failed',
      reason: 'UserNamespacesNotSupported',
      message: expect.stringMatching(/^Pod was rejected: hostUsers=false is not supported in this node/) as unknown,
    });
    expect(node.status('confined')).toMatchObject({ phase: 'Failed', reason: 'AppArmor' });
    expect(node.said('confined', 'AppArmor')).toEqual([
      'Cannot enforce AppArmor: AppArmor is not enabled on the host (container: c)',
    ]);
    expect(node.runtime.list()).toEqual([]);
  });

  it('gets no container that comes later either', async () => {
    const node = new TestNode();
    await node.start();
    const pod = testPod('web');
    node.assign(pod);
    await node.run(2000);
    const spec = pod.spec as Record<string, unknown>;
    const look = { name: 'look', image: 'img:1', securityContext: { seLinuxOptions: { level: 's0' } } };
    node.assign({ ...pod, spec: { ...spec, ephemeralContainers: [look] } });
    await node.run(3000);
    expect(node.running('web')).toEqual(['POD/0', 'c/0']);
    expect(node.status('web').ephemeralContainerStatuses?.[0]?.state?.waiting).toMatchObject({
      reason: 'CreateContainerConfigError',
      message: expect.stringContaining('SELinux is not enabled on the host') as unknown,
    });
  });
});

describe('the seccomp profile of a container', () => {
  const profiles = async (specs: Readonly<Record<string, object>>): Promise<Record<string, string>> => {
    const made: Record<string, string> = {};
    const program = (spec: ContainerSpec) => {
      made[spec.labels.pod] = spec.security.seccomp;
      return { stopsAfterMs: 10 };
    };
    const node = new TestNode({ program });
    await node.start();
    for (const [name, securityContext] of Object.entries(specs))
      node.assign(testPod(name, { containers: [{ name: 'c', image: 'img:1', securityContext }] }));
    await node.run(5000);
    return made;
  };

  it("is the engine's own where nothing is said, and stays within the node's folder", async () => {
    expect(
      await profiles({
        silent: {},
        asked: { seccompProfile: { type: 'RuntimeDefault' } },
        open: { seccompProfile: { type: 'Unconfined' } },
        privileged: { privileged: true, seccompProfile: { type: 'RuntimeDefault' } },
        local: { seccompProfile: { type: 'Localhost', localhostProfile: 'a/b.json' } },
        outside: { seccompProfile: { type: 'Localhost', localhostProfile: '../../etc/shadow' } },
        absolute: { seccompProfile: { type: 'Localhost', localhostProfile: '/etc/shadow' } },
      }),
    ).toEqual({
      silent: 'default',
      asked: 'default',
      open: 'unconfined',
      privileged: 'unconfined',
      local: '/seccomp/a/b.json',
    });
  });
});
