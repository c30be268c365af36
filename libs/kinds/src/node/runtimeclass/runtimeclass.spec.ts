import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '#model';
import { specification } from '#model/testing';
import type { JsonObject } from '#std';
import { registry } from '../../index.js';

const { given } = specification(registry);
const kind = 'node.k8s.io.runtimeclasses';
const metadata = { uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' };
const stored = (name: string, more: JsonObject = {}): KubeObject => ({
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  metadata: { name, ...metadata },
  ...{ handler: 'h', ...more },
});
const create = (more: JsonObject) =>
  given([]).when({ verb: 'create', kind, body: { metadata: { name: 'c' }, ...more } });
const patch = (object: KubeObject, body: JsonObject) =>
  given([object]).when({ verb: 'patch', patchType: 'merge', kind, name: object.metadata.name, body });

const around = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default', ...metadata }, status: { phase: 'Active' } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default', ...metadata } },
] as readonly KubeObject[];
const pod = (spec: JsonObject, ...classes: readonly KubeObject[]) =>
  given([...around, ...classes]).when({
    ...{ verb: 'create', kind: 'core.pods', namespace: 'default' },
    body: { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i:1' }], ...spec } },
  });
const forbidden = (why: string): string => `pods "p" is forbidden: ${why}`;

describe('a runtime class', () => {
  const toleration = { key: 'k', operator: 'Exists', effect: 'NoExecute' };

  it('names a handler, which is a label and never changes', () => {
    create({ handler: 'kata-qemu' }).thenObject({ handler: 'kata-qemu' });
    expect(create({}).refusal.message).toContain('handler: Invalid value: "": a lowercase RFC 1123 label must');
    expect(create({ handler: 'A_b' }).refusal.message).toContain('handler: Invalid value: "A_b": a lowercase RFC');
    expect(patch(stored('c'), { handler: 'x' }).refusal.message).toContain(
      'handler: Invalid value: "x": field is immutable',
    );
    patch(stored('c'), { overhead: { podFixed: { cpu: '2' } } }).thenObject({ overhead: { podFixed: { cpu: '2' } } });
  });

  it('is told what is wrong with its overhead, as with limits of a container', () => {
    const message = create({ handler: 'h', overhead: { podFixed: { 'a b': '1', cpu: '-1' } } }).refusal.message;
    expect(message).toContain('overhead.limits[a b]: Invalid value: "a b": must be a standard resource for containers');
    expect(message).toContain('overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0');
  });

  it('tolerates nothing twice, however long', () => {
    const scheduling = {
      nodeSelector: { 'a b': 'c' },
      tolerations: [toleration, { ...toleration, tolerationSeconds: 5 }],
    };
    const { message } = create({ handler: 'h', scheduling }).refusal;
    expect(message).toContain('scheduling.nodeSelector: Invalid value: "a b": name part must consist of');
    expect(message).toContain(
      'scheduling.tolerations[1]: Duplicate value: {"Key":"k","Operator":"Exists","Value":"","Effect":"NoExecute","TolerationSeconds":5}',
    );
  });

  it('warns of labels that nodes no longer have', () => {
    const scheduling = { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } };
    expect(create({ handler: 'h', scheduling }).accepted).toMatchObject({
      warnings: ['scheduling.nodeSelector: deprecated since v1.14; use "kubernetes.io/os" instead'],
    });
  });
});

describe('a pod that names a runtime class', () => {
  const full = stored('full', {
    overhead: { podFixed: { cpu: '100m', memory: '10Mi' } },
    scheduling: { nodeSelector: { disk: 'ssd' }, tolerations: [{ key: 'k', operator: 'Equal', value: 'v' }] },
  });
  const plain = stored('plain');

  it('is refused where there is none of that name', () => {
    pod({ runtimeClassName: 'none' }, full).thenRefused(403, forbidden('pod rejected: RuntimeClass "none" not found'));
  });

  it('takes its overhead, node selector and tolerations', () => {
    const result = pod({ runtimeClassName: 'full', nodeSelector: { zone: 'a' } }, full);
    result.thenObject({
      spec: { overhead: { cpu: '100m', memory: '10Mi' }, nodeSelector: { disk: 'ssd', zone: 'a' } },
    });
    expect(result.accepted.object).toMatchObject({
      spec: {
        tolerations: [
          { key: 'node.kubernetes.io/not-ready' },
          { key: 'node.kubernetes.io/unreachable' },
          { key: 'k', operator: 'Equal', value: 'v' },
        ],
      },
    });
    const none = pod({ runtimeClassName: 'plain' }, plain).accepted.object['spec'];
    expect(none).not.toHaveProperty('overhead');
    expect(none).not.toHaveProperty('nodeSelector');
  });

  it('may say the same overhead in other words, and no other', () => {
    pod({ runtimeClassName: 'full', overhead: { memory: '10240Ki', cpu: '0.1' } }, full).thenObject({
      spec: { overhead: { cpu: '100m', memory: '10Mi' } },
    });
    const other = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
    pod({ runtimeClassName: 'full', overhead: { cpu: '100m' } }, full).thenRefused(403, forbidden(other));
    const nobody = 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead';
    pod({ runtimeClassName: 'plain', overhead: { cpu: '1' } }, plain).thenRefused(403, forbidden(nobody));
    pod({ overhead: { cpu: '1' } }).thenRefused(403, forbidden(nobody));
  });

  it('is refused where its node selector says otherwise', () => {
    const conflict = 'conflict: runtimeClass.scheduling.nodeSelector[disk] = ssd; pod.spec.nodeSelector[disk] = hdd';
    pod({ runtimeClassName: 'full', nodeSelector: { disk: 'hdd' } }, full).thenRefused(403, forbidden(conflict));
  });
});
