import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '#model';
import { specification } from '#model/testing';
import type { JsonObject } from '#std';
import { registry } from '../../index.js';
import type { Service } from './schema.js';

const kind = 'core.services';
const namespace: KubeObject = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'default', uid: 'ns' },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Active' },
};
const ranges = (...cidrs: readonly string[]): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  metadata: { name: 'kubernetes', uid: 'cidr' },
  spec: { cidrs },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
});
const both = ranges('10.96.0.0/16', 'fd00:96::/108');
const ports = [{ port: 80 }];
const body = (spec: JsonObject): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's', namespace: 'default' },
  spec: { ports, selector: { a: 'b' }, ...spec },
});
const create = (spec: JsonObject, range = both) =>
  specification(registry)
    .given([namespace, range])
    .when({ verb: 'create', kind, body: body(spec) });
const patch = (before: JsonObject, change: JsonObject, range = both) =>
  specification(registry)
    .given([namespace, range])
    .and({ verb: 'create', kind, body: body(before) })
    .when({ verb: 'patch', kind, namespace: 'default', name: 's', patchType: 'merge', body: { spec: change } });
const shown = (outcome: ReturnType<typeof create>): JsonObject => {
  const { clusterIP, clusterIPs = [], ipFamilies, ipFamilyPolicy } = (outcome.accepted.object as Service).spec;
  expect(clusterIPs[0]).toBe(clusterIP);
  const of = clusterIPs.map((ip) => (/^10\.96\.\d+\.\d+$/.test(ip) ? 4 : /^fd00:96::[0-9a-f:]+$/.test(ip) ? 6 : ip));
  return { of, families: [...(ipFamilies ?? [])], policy: ipFamilyPolicy ?? null };
};
const [four, six] = ['IPv4', 'IPv6'];
const dual = { of: [4, 6], families: [four, six] };

describe('a new service in a cluster of two families', () => {
  it.each<[JsonObject, JsonObject]>([
    [{}, { of: [4], families: [four], policy: 'SingleStack' }],
    [{ ipFamilies: [six] }, { of: [6], families: [six], policy: 'SingleStack' }],
    [{ ipFamilyPolicy: 'PreferDualStack' }, { ...dual, policy: 'PreferDualStack' }],
    [{ ipFamilyPolicy: 'RequireDualStack' }, { ...dual, policy: 'RequireDualStack' }],
    [
      { ipFamilyPolicy: 'RequireDualStack', ipFamilies: [six] },
      { of: [6, 4], families: [six, four], policy: 'RequireDualStack' },
    ],
    [{ clusterIP: 'fd00:96::77' }, { of: [6], families: [six], policy: 'SingleStack' }],
    [
      { clusterIP: 'None', ipFamilyPolicy: 'PreferDualStack' },
      { of: ['None'], families: [four, six], policy: 'PreferDualStack' },
    ],
    [{ clusterIP: 'None' }, { of: ['None'], families: [four], policy: 'SingleStack' }],
    [
      { clusterIP: 'None', selector: {} },
      { of: ['None'], families: [four, six], policy: 'RequireDualStack' },
    ],
  ])('%j has %j', (spec, expected) => {
    expect(shown(create(spec))).toEqual(expected);
  });
  it('has the first family of the cluster where it names none', () => {
    const first = ranges('fd00:96::/108', '10.96.0.0/16');
    expect(shown(create({}, first))).toEqual({ of: [6], families: [six], policy: 'SingleStack' });
    expect(shown(create({ ipFamilyPolicy: 'PreferDualStack' }, first))).toMatchObject({ of: [6, 4] });
  });
  it.each<[JsonObject, string]>([
    [
      { ipFamilies: [four, six] },
      "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified",
    ],
    [
      { clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9', 'fd00:96::9'] },
      "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified",
    ],
    [
      { clusterIP: 'fd00:97::9' },
      'spec.clusterIPs: Invalid value: ["fd00:97::9"]: failed to allocate IP fd00:97::9: the provided network does not match the current range',
    ],
  ])('%j is refused', (spec, problem) => {
    create(spec).thenRefused(422, `Service "s" is invalid: ${problem}`);
  });
});

describe('a new service in a cluster of one family', () => {
  const single = ranges('10.96.0.0/16');
  it('prefers two families in vain', () => {
    expect(shown(create({ ipFamilyPolicy: 'PreferDualStack' }, single))).toEqual({
      of: [4],
      families: [four],
      policy: 'PreferDualStack',
    });
  });
  it.each<[JsonObject, string]>([
    [
      { ipFamilyPolicy: 'RequireDualStack' },
      'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    ],
    [{ ipFamilies: [six] }, 'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'],
    [
      { clusterIP: 'fd00:96::1' },
      'spec.clusterIPs[0]: Invalid value: ["fd00:96::1"]: IPv6 is not configured on this cluster',
    ],
  ])('%j is refused', (spec, problem) => {
    create(spec, single).thenRefused(422, `Service "s" is invalid: ${problem}`);
  });
});

describe('a change of families', () => {
  it('adds the second one, and an address of it', () => {
    const outcome = patch({ clusterIP: '10.96.9.9' }, { ipFamilyPolicy: 'RequireDualStack' });
    expect(shown(outcome)).toEqual({ ...dual, policy: 'RequireDualStack' });
    expect((outcome.accepted.object as Service).spec.clusterIP).toBe('10.96.9.9');
    const named = patch(
      { clusterIP: '10.96.9.9' },
      { ipFamilyPolicy: 'PreferDualStack', clusterIPs: ['10.96.9.9', 'fd00:96::99'] },
    );
    expect((named.accepted.object as Service).spec.clusterIPs).toEqual(['10.96.9.9', 'fd00:96::99']);
  });
  it('gives up the second one by the policy alone', () => {
    const outcome = patch({ ipFamilyPolicy: 'RequireDualStack' }, { ipFamilyPolicy: 'SingleStack' });
    expect(shown(outcome)).toEqual({ of: [4], families: [four], policy: 'SingleStack' });
  });
  it('leaves one that prefers two as it is when nothing of it changes', () => {
    const outcome = patch({ ipFamilyPolicy: 'PreferDualStack' }, { sessionAffinity: 'ClientIP' });
    expect(shown(outcome)).toEqual({ ...dual, policy: 'PreferDualStack' });
  });
  it.each<[JsonObject, JsonObject, string]>([
    [
      { ipFamilyPolicy: 'RequireDualStack' },
      { ipFamilies: [four] },
      'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": must be \'SingleStack\' to release the secondary IP family',
    ],
    [
      { clusterIP: '10.96.9.9' },
      { ipFamilies: [six] },
      'spec.clusterIPs[0]: Invalid value: "10.96.9.9": expected an IPv6 value as indicated by `ipFamilies[0]`',
    ],
    [
      { clusterIP: 'None' },
      { ipFamilies: [four, six] },
      "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified",
    ],
  ])('%j to %j is refused', (before, change, problem) => {
    patch(before, change).thenRefused(422, `Service "s" is invalid: ${problem}`);
  });
});
