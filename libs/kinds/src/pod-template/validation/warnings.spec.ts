import { describe, expect, it } from '@jest/globals';
import type { PodSpec } from '#pod';
import { overlapWarnings } from './overlap-warnings.js';
import { podWarnings } from './warnings.js';
import fc from 'fast-check';

const plain = { name: 'c', image: 'i' };
const warned = (spec: Partial<PodSpec>, annotations: Record<string, string> = {}, path = '') =>
  podWarnings(path, { metadata: { annotations }, spec: { containers: [plain], ...spec } });

describe('a pod that is likely to be a mistake', () => {
  it('is not one that says nothing odd', () => {
    expect(warned({ terminationGracePeriodSeconds: 0, nodeSelector: { constructor: 'x' } })).toEqual([]);
  });
  it.each<[string, Partial<PodSpec>, readonly string[]]>([
    [
      'names a label of the past',
      { nodeSelector: { 'node-role.kubernetes.io/master': '' } },
      ['spec.nodeSelector[node-role.kubernetes.io/master]: use "node-role.kubernetes.io/control-plane" instead'],
    ],
    [
      'has a secret twice and one without a name',
      { imagePullSecrets: [{ name: 'a' }, {}, { name: 'a' }] },
      ['spec.imagePullSecrets[2].name: duplicate name "a"', 'spec.imagePullSecrets[1].name: invalid empty name ""'],
    ],
    [
      'asks for a part of a byte',
      { overhead: { memory: '1500m' }, containers: [{ ...plain, resources: { limits: { memory: '0.5' } } }] },
      [
        'spec.overhead[memory]: fractional byte value "1500m" is invalid, must be an integer',
        'spec.containers[0].resources.limits[memory]: fractional byte value "500m" is invalid, must be an integer',
      ],
    ],
    [
      'hides a variable',
      {
        containers: [
          {
            ...plain,
            env: [
              { name: 'A', value: '1' },
              { name: 'A', value: '$(A)2' },
              { name: 'A', value: '$(A)' },
              { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            ],
          },
        ],
      },
      [2, 3].map(
        (i) => `spec.containers[0].env[${i}]: hides previous definition of "A", which may be dropped when using apply`,
      ),
    ],
    [
      'has ports that meet',
      {
        initContainers: [{ name: 'i', ports: [{ containerPort: 80, protocol: 'TCP', name: 'web' }] }],
        containers: [
          {
            ...plain,
            ports: [{ containerPort: 80, protocol: 'TCP', hostPort: 8080, hostIP: '10.0.0.1', name: 'web' }],
          },
          { name: 'd', ports: [{ containerPort: 80, protocol: 'TCP', hostPort: 8080 }] },
          { name: 'e', ports: [{ containerPort: 53, protocol: 'UDP', hostIP: '10.0.0.1' }] },
        ],
      },
      [
        'spec.containers[0].ports[0]: overlapping port definition with spec.initContainers[0].ports[0]',
        'spec.containers[1].ports[0]: overlapping port definition with spec.initContainers[0].ports[0]',
        'spec.containers[1].ports[0]: dangerously ambiguous port definition with spec.containers[0].ports[0]',
        'spec.containers[2].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:53 Protocol:UDP HostIP:10.0.0.1}',
        'spec.containers[0].ports[0]: duplicate port name "web" with spec.initContainers[0].ports[0], services and probes that select ports by name will use spec.initContainers[0].ports[0]',
      ],
    ],
    [
      'spells an address oddly',
      { dnsConfig: { nameservers: ['2001:DB8::1'] }, hostAliases: [{ ip: '010.0.0.1' }] },
      [
        'spec.dnsConfig.nameservers[0]: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")',
        'spec.hostAliases[0].ip: non-standard IP address "010.0.0.1" will be considered invalid in a future Kubernetes release: use "10.0.0.1"',
      ],
    ],
    [
      'asks a claim for a part of a byte',
      {
        volumes: [
          { name: 'v', ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage: '100m' } } } } } },
        ],
      },
      [
        'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests[storage]: fractional byte value "100m" is invalid, must be an integer',
      ],
    ],
  ])('%s', (_what, spec, words) => {
    expect(warned(spec)).toEqual(words);
  });
  it('asks by annotation for what has a field', () => {
    const annotations = {
      'scheduler.alpha.kubernetes.io/critical-pod': '',
      'seccomp.security.alpha.kubernetes.io/pod': 'x',
      'container.seccomp.security.alpha.kubernetes.io/c': 'x',
      'container.seccomp.security.alpha.kubernetes.io/nobody': 'x',
      'container.apparmor.security.beta.kubernetes.io/c': 'unconfined',
    };
    const at = (key: string, path = '') => `${path}metadata.annotations[${key}]`;
    const ofPod = [
      `${at('scheduler.alpha.kubernetes.io/critical-pod')}: non-functional in v1.16+; use the "priorityClassName" field instead`,
      `${at('seccomp.security.alpha.kubernetes.io/pod')}: non-functional in v1.27+; use the "seccompProfile" field instead`,
      `${at('container.seccomp.security.alpha.kubernetes.io/c')}: non-functional in v1.27+; use the "seccompProfile" field instead`,
    ];
    expect(warned({}, annotations)).toEqual(ofPod);
    expect(warned({}, annotations, 'template')).toEqual([
      ...ofPod.map((words) => `template.${words}`),
      `${at('container.apparmor.security.beta.kubernetes.io/c', 'template.')}: deprecated since v1.30; use the "appArmorProfile" field instead`,
    ]);
    const securityContext = { seccompProfile: { type: 'Unconfined' }, appArmorProfile: { type: 'Unconfined' } };
    expect(
      warned({ securityContext, containers: [{ ...plain, securityContext }] }, annotations, 'template'),
    ).toHaveLength(1);
  });
});

describe('files of one volume', () => {
  const path = fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
  const volume = (...paths: string[]) => ({
    name: 'v',
    configMap: { name: 'm', items: paths.map((each) => ({ key: 'k', path: each })) },
  });
  it('are told where one is the other, or a folder of it', () => {
    expect(overlapWarnings(volume('a', 'b', 'a/b'))).toEqual([
      'volume "v" (ConfigMap "m"): overlapping paths: "a/b" with "a"',
    ]);
    expect(
      overlapWarnings({ name: 'v', projected: { sources: [{}, { secret: { items: [{ key: 'k', path: 'a' }] } }] } }),
    ).toEqual(['volume "v" (Projected) has no sources provided']);
  });
  it('meet or do not, whichever comes first', () => {
    fc.assert(
      fc.property(path, path, (one, two) => {
        const meets = one === two || one.startsWith(`${two}/`) || two.startsWith(`${one}/`);
        expect(overlapWarnings(volume(one, two))).toHaveLength(meets ? 1 : 0);
        expect(overlapWarnings(volume(two, one))).toHaveLength(meets ? 1 : 0);
        expect(overlapWarnings(volume(one, `x/${two}`))).toEqual([]);
      }),
    );
  });
});
