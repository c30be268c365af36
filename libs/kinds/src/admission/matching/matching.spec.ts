import { describe, expect, it } from '@jest/globals';
import { NO_ANSWERS, type Admitted, type KubeObject } from '#model';
import { specification, testCommand } from '#model/testing';
import type { JsonObject } from '#std';
import { registry } from '../../index.js';
import { attributesOf, matchingVersion, matchResources, type MatchResources, type RequestAttributes } from './index.js';

const meta = (name: string, labels?: Record<string, string>): KubeObject['metadata'] => ({
  ...{ name, uid: name, creationTimestamp: '2026-01-01T00:00:00Z' },
  ...(labels && { labels }),
});
const namespaceObject: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: meta('ns', { team: 'a' }) };
const { view } = specification(registry)
  .given()
  .and({ verb: 'create', kind: 'core.namespaces', body: { metadata: { name: 'ns', labels: { team: 'a' } } } });

interface Asked {
  readonly kind: string;
  readonly apiVersion?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
  readonly operation?: Admitted['operation'];
  readonly labels?: Record<string, string>;
  readonly oldLabels?: Record<string, string>;
}
/** A form of subresources that shows no labels. */
const formOf = (kind: string): Admitted['form'] => ({
  ...{ group: '', version: 'v1', kind },
  show: (object) => ({ ...object, metadata: { name: object.metadata.name } }) as unknown as JsonObject,
  take: (_shown, object) => object,
});
function request({
  kind: id,
  operation = 'CREATE',
  labels,
  oldLabels,
  subresource,
  ...more
}: Asked): RequestAttributes {
  const kind = registry.byId(id);
  if (!kind) throw new Error(`no kind ${id}`);
  const command = testCommand({ verb: 'create', kind: id, name: 'x', ...more });
  const object: KubeObject = { apiVersion: 'v1', kind: kind.names.kind, metadata: meta('x', labels) };
  const old = operation === 'CREATE' ? undefined : { ...object, metadata: meta('x', oldLabels) };
  return attributesOf({
    ...{ answers: NO_ANSWERS, oldVersion: undefined, form: formOf(kind.names.kind) },
    ...{ command, view, now: 0, uid: 'u', kind, kinds: registry, operation, subresource, old },
    object: operation === 'DELETE' && old ? old : object,
  });
}
const configMap = request({ kind: 'core.configmaps', namespace: 'ns' });
const rule = (resource: string, more: object = {}): MatchResources => ({
  ...{ matchPolicy: 'Equivalent' },
  resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: [resource], ...more }],
});
const isMatch = (match: MatchResources, asked: RequestAttributes): boolean =>
  typeof matchResources(match, asked) === 'object';

describe('rules of webhooks and policies', () => {
  it('match main resources and subresources by their patterns', () => {
    const scale = request({ kind: 'apps.deployments', namespace: 'ns', subresource: 'scale', operation: 'UPDATE' });
    const cases: readonly [string, RequestAttributes, boolean][] = [
      ['configmaps', configMap, true],
      ['configmap', configMap, false],
      ['*', configMap, true],
      ['*/*', configMap, true],
      ['configmaps/*', configMap, true],
      ['configmaps/scale', configMap, false],
      ['deployments', scale, false],
      ['*', scale, false],
      ['*/*', scale, true],
      ['*/scale', scale, true],
      ['deployments/scale', scale, true],
      ['deployments/*', scale, true],
      ['deployments/status', scale, false],
    ];
    for (const [pattern, asked, expected] of cases)
      expect([pattern, isMatch(rule(pattern), asked)]).toEqual([pattern, expected]);
    expect(matchResources(rule('*/*'), scale)).toMatchObject({ kind: { group: 'autoscaling', kind: 'Scale' } });
  });

  it('match groups, versions, operations and names exactly or by a star', () => {
    expect(isMatch(rule('configmaps', { apiGroups: ['apps'] }), configMap)).toBe(false);
    expect(isMatch(rule('configmaps', { apiGroups: ['apps', ''] }), configMap)).toBe(true);
    expect(isMatch(rule('configmaps', { apiVersions: ['v2'] }), configMap)).toBe(false);
    expect(isMatch(rule('configmaps', { operations: ['UPDATE'] }), configMap)).toBe(false);
    expect(isMatch(rule('configmaps', { operations: ['UPDATE', 'CREATE'] }), configMap)).toBe(true);
    expect(isMatch(rule('configmaps', { resourceNames: ['a', 'x'] }), configMap)).toBe(true);
    expect(isMatch(rule('configmaps', { resourceNames: ['a'] }), configMap)).toBe(false);
    const generated = request({ kind: 'core.configmaps', namespace: 'ns', name: '' });
    expect(isMatch(rule('configmaps', { resourceNames: ['x'] }), generated)).toBe(false);
  });

  it('count a Namespace as cluster-scoped, although it has a namespace', () => {
    const namespace = request({ kind: 'core.namespaces', name: 'x' });
    expect(namespace.namespace).toBe('x');
    expect(isMatch(rule('namespaces', { scope: 'Cluster' }), namespace)).toBe(true);
    expect(isMatch(rule('namespaces', { scope: 'Namespaced' }), namespace)).toBe(false);
    expect(isMatch(rule('configmaps', { scope: 'Namespaced' }), configMap)).toBe(true);
    expect(isMatch(rule('configmaps', { scope: 'Cluster' }), configMap)).toBe(false);
    expect(isMatch(rule('nodes', { scope: 'Cluster' }), request({ kind: 'core.nodes' }))).toBe(true);
  });

  it('match another version of the resource only under Equivalent, and name the version of the rule', () => {
    const event = request({ kind: 'core.events', namespace: 'ns', apiVersion: 'v1' });
    const { resourceRules } = rule('events', { apiGroups: ['events.k8s.io'] });
    expect(matchingVersion(resourceRules ?? [], 'Exact', event)).toBeUndefined();
    expect(matchingVersion(resourceRules ?? [], undefined, event)).toBeUndefined();
    expect(matchingVersion(resourceRules ?? [], 'Equivalent', event)).toMatchObject({ group: 'events.k8s.io' });
    expect(matchingVersion(rule('events').resourceRules ?? [], 'Equivalent', event)).toMatchObject({ group: '' });
  });

  it('leave out what an excluding rule names', () => {
    const exclude = rule('configmaps').resourceRules ?? [];
    expect(isMatch({ ...rule('*'), excludeResourceRules: exclude }, configMap)).toBe(false);
    expect(isMatch({ excludeResourceRules: rule('secrets').resourceRules ?? [] }, configMap)).toBe(true);
    expect(isMatch({}, configMap)).toBe(true);
  });
});

describe('selectors of webhooks and policies', () => {
  const team = (value: string): MatchResources => ({ namespaceSelector: { matchLabels: { team: value } } });

  it('compare the labels of the namespace, and let cluster-scoped objects in', () => {
    expect(isMatch(team('a'), configMap)).toBe(true);
    expect(isMatch(team('b'), configMap)).toBe(false);
    expect(isMatch(team('b'), request({ kind: 'core.nodes' }))).toBe(true);
    const elsewhere = request({ kind: 'core.configmaps', namespace: 'none' });
    expect(matchResources(team('a'), elsewhere)).toBe('missing');
    expect(isMatch({}, elsewhere)).toBe(true);
  });

  it('compare a Namespace with the labels that it is written with, and its deletion with those that it has', () => {
    const asked = { kind: 'core.namespaces', name: namespaceObject.metadata.name } as const;
    expect(isMatch(team('c'), request({ ...asked, labels: { team: 'c' } }))).toBe(true);
    expect(isMatch(team('a'), request({ ...asked, operation: 'UPDATE', labels: { team: 'c' } }))).toBe(false);
    expect(isMatch(team('a'), request({ ...asked, operation: 'DELETE' }))).toBe(true);
  });

  it('compare the object as it will be or as it was', () => {
    const tier: MatchResources = {
      objectSelector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['a'] }] },
    };
    const update = { kind: 'core.configmaps', namespace: 'ns', operation: 'UPDATE' } as const;
    expect(isMatch(tier, request({ ...update, labels: { tier: 'a' } }))).toBe(true);
    expect(isMatch(tier, request({ ...update, oldLabels: { tier: 'a' } }))).toBe(true);
    expect(isMatch(tier, request({ ...update, labels: { tier: 'b' } }))).toBe(false);
    expect(isMatch(tier, request({ ...update, operation: 'DELETE', oldLabels: { tier: 'a' } }))).toBe(true);
  });
});
