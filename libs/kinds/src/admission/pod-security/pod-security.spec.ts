import { describe, expect, it } from '@jest/globals';
import { specification, type TestCommand } from '#model/testing';
import type { JsonObject } from '#std';
import { registry } from '../../index.js';

const { given } = specification(registry);
const home = (labels: Record<string, string>) =>
  given()
    .and({ verb: 'create', kind: 'core.namespaces', body: { metadata: { name: 'n', labels } } })
    .and({ verb: 'create', kind: 'core.serviceaccounts', namespace: 'n', body: { metadata: { name: 'default' } } });
const pod = (spec: object = {}): TestCommand => ({
  verb: 'create',
  kind: 'core.pods',
  namespace: 'n',
  body: { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } },
});
const label = (mode: string) => `pod-security.kubernetes.io/${mode}`;

describe('the pod security of a namespace', () => {
  it('refuses what its level does not allow, and says which control', () => {
    home({ [label('enforce')]: 'baseline' })
      .when(pod())
      .thenEvent('Created');
    home({ [label('enforce')]: 'baseline' })
      .when(pod({ hostNetwork: true }))
      .thenRefused(
        403,
        'pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
      );
    home({ [label('enforce')]: 'restricted' })
      .when(pod())
      .thenRefused(403);
  });
  it('is not relaxed by hostUsers=false, which no node carries out', () => {
    const restricted = {
      hostUsers: false,
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'c',
          image: 'i',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, runAsUser: 0 },
        },
      ],
    };
    home({ [label('enforce')]: 'restricted' })
      .when(pod(restricted))
      .thenRefused(
        403,
        'pods "p" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), runAsUser=0 (container "c" must not set runAsUser=0)',
      );
    const unmasked = { name: 'c', image: 'i', securityContext: { procMount: 'Unmasked' } };
    home({ [label('enforce')]: 'baseline' })
      .when(pod({ hostUsers: false, containers: [unmasked] }))
      .thenRefused(
        403,
        'pods "p" is forbidden: violates PodSecurity "baseline:latest": procMount (container "c" must not set securityContext.procMount to "Unmasked")',
      );
  });
  it('warns of what its warn level does not allow', () => {
    const { accepted } = home({ [label('warn')]: 'baseline', [label('warn-version')]: 'v1.20' }).when(
      pod({ hostPID: true }),
    );
    expect(accepted.warnings).toEqual(['would violate PodSecurity "baseline:v1.20": host namespaces (hostPID=true)']);
  });
  it('tells the audit what it enforced, and what its audit level does not allow', () => {
    const [enforce, violations] = [label('enforce-policy'), label('audit-violations')];
    expect(home({}).when(pod({ hostPID: true })).accepted.auditAnnotations).toEqual({ [enforce]: 'privileged:latest' });

    const audited = home({ [label('audit')]: 'baseline', [label('audit-version')]: 'v1.30' });
    const created = audited.when(pod({ hostPID: true })).accepted;
    expect(created.warnings).toEqual([]);
    const violation = 'would violate PodSecurity "baseline:v1.30": host namespaces (hostPID=true)';
    expect(created.auditAnnotations).toEqual({ [enforce]: 'privileged:latest', [violations]: violation });

    const strict = home({ [label('enforce')]: 'baseline', [label('audit')]: 'baseline' });
    const { auditAnnotations } = strict.when(pod({ hostPID: true })).refusal;
    expect(auditAnnotations).toEqual({
      [enforce]: 'baseline:latest',
      [violations]: 'would violate PodSecurity "baseline:latest": host namespaces (hostPID=true)',
    });
    // Unlike the warn level, the audit level does not follow the enforced one.
    const enforced = home({ [label('enforce')]: 'baseline' }).when(pod({ hostPID: true })).refusal;
    expect(enforced.auditAnnotations).toEqual({ [enforce]: 'baseline:latest' });
  });
  it('tells the audit of the pods that a workload would make, for which nothing is enforced', () => {
    const workload: TestCommand = {
      verb: 'create',
      kind: 'apps.deployments',
      namespace: 'n',
      body: {
        metadata: { name: 'd' },
        spec: {
          selector: { matchLabels: { a: 'b' } },
          template: {
            metadata: { labels: { a: 'b' } },
            spec: { hostIPC: true, containers: [{ name: 'c', image: 'i' }] },
          },
        },
      },
    };
    const labels = { [label('enforce')]: 'baseline', [label('warn')]: 'privileged', [label('audit')]: 'baseline' };
    expect(home(labels).when(workload).accepted.auditAnnotations).toEqual({
      [label('audit-violations')]: 'would violate PodSecurity "baseline:latest": host namespaces (hostIPC=true)',
    });
    expect(home({ [label('enforce')]: 'baseline' }).when(workload).accepted.auditAnnotations ?? {}).toEqual({});
  });
  it('looks into the jobs that a cron job would make', () => {
    const pod = { hostIPC: true, restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] };
    const jobTemplate = { spec: { template: { spec: pod } } };
    const workload: TestCommand = {
      verb: 'create',
      kind: 'batch.cronjobs',
      namespace: 'n',
      body: { metadata: { name: 'c' }, spec: { schedule: '@daily', jobTemplate } },
    };
    expect(home({ [label('warn')]: 'baseline' }).when(workload).accepted.warnings).toEqual([
      'would violate PodSecurity "baseline:latest": host namespaces (hostIPC=true)',
    ]);
  });
  it('leaves changes that it does not judge, and their audit, alone', () => {
    const labels = { [label('warn')]: 'baseline', [label('audit')]: 'baseline' };
    const patch = (body: JsonObject, subresource?: string): TestCommand => ({
      verb: 'patch',
      patchType: 'strategic',
      kind: 'core.pods',
      namespace: 'n',
      name: 'p',
      body,
      ...(subresource !== undefined && { subresource }),
    });
    const there = home(labels).and(pod({ hostPID: true }));
    const relabelled = there.when(patch({ metadata: { labels: { a: 'b' } } })).accepted;
    expect([relabelled.warnings, relabelled.auditAnnotations]).toEqual([[], undefined]);
    const reported = there.when(patch({ status: { phase: 'Running' } }, 'status')).accepted;
    expect(reported.auditAnnotations).toBeUndefined();
    const renewed = there.when(patch({ spec: { containers: [{ name: 'c', image: 'new' }] } })).accepted;
    expect(renewed.auditAnnotations).toHaveProperty([label('audit-violations')]);
    expect(renewed.warnings).toHaveLength(1);
  });
  it('must be spelled right', () => {
    given()
      .when({
        verb: 'create',
        kind: 'core.namespaces',
        body: { metadata: { name: 'n', labels: { [label('enforce')]: 'strict' } } },
      })
      .thenRefused(422);
  });
  it('tells, when it gets stricter, of the pods that are there', () => {
    const patched = home({})
      .and(pod({ hostIPC: true }))
      .when({
        verb: 'patch',
        patchType: 'merge',
        kind: 'core.namespaces',
        name: 'n',
        body: { metadata: { labels: { [label('enforce')]: 'baseline' } } },
      });
    expect(patched.accepted.warnings).toEqual([
      'existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:latest"',
      'p: host namespaces',
    ]);
  });
});
