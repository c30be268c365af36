import { describe, expect, it } from '@jest/globals';
import type { Given, TestCommand } from '#model/testing';
import type { JsonObject } from '#std';
import { policyExpressions } from '../../admissionregistration/validatingadmissionpolicy/expressions.js';
import { registry, validatingAdmissionPolicies } from '../../index.js';
import { policiesFor } from './applicable.js';
import {
  GROUP,
  policy,
  binding,
  configMap,
  cluster,
  submitted,
  NOT_BAD,
  bound,
  denied,
} from './testing/given-policies.js';

describe('parameters of a policy', () => {
  const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
  const validations = [
    { expression: "object.metadata.name != 'x' || int(object.data.n) <= int(params.data.max)", message: 'too many' },
  ];
  const max = (name: string, n: string, labels: JsonObject = {}): TestCommand =>
    configMap({ max: n }, { name, labels });
  const secrets = { spec: { paramKind }, rule: { resources: ['configmaps'] } };
  const withRef = (paramRef: JsonObject, of: JsonObject = {}): Given =>
    cluster()
      .and(max('small', '1', { tier: 'a' }))
      .and(max('large', '9', { tier: 'a' }))
      .and(policy(validations, { ...secrets, spec: { ...secrets.spec, ...of } }))
      .and(binding(['Deny'], { paramRef }));
  const DENY = { parameterNotFoundAction: 'Deny' };

  it('are found by name, in the namespace of the request or the stated one', () => {
    withRef({ name: 'large', ...DENY })
      .when(configMap({ n: '5' }))
      .thenObject({});
    withRef({ name: 'small', namespace: 'ns', ...DENY })
      .when(configMap({ n: '5' }))
      .thenRefused(422, denied('too many'));
  });

  it('are all that a selector matches: each must let the request in', () => {
    const selector = { matchLabels: { tier: 'a' } };
    withRef({ selector, ...DENY })
      .when(configMap({ n: '5' }))
      .thenRefused(422, denied('too many'));
    withRef({ selector, ...DENY })
      .when(configMap({ n: '1' }))
      .thenObject({});
  });

  it('that are missing refuse or let in, as the binding says', () => {
    withRef({ name: 'none', ...DENY })
      .when(configMap({ n: '5' }))
      .thenRefused(
        422,
        denied('failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction'),
      );
    withRef({ name: 'none', parameterNotFoundAction: 'Allow' })
      .when(configMap({ n: '5' }))
      .thenObject({});
    withRef({ name: 'none', ...DENY }, { failurePolicy: 'Ignore' })
      .when(configMap({ n: '5' }))
      .thenObject({});
  });

  it('of a kind that there is not are a fault of the policy', () => {
    withRef({ name: 'x', ...DENY }, { paramKind: { apiVersion: 'example.com/v1', kind: 'None' } })
      .when(configMap({ n: '5' }))
      .thenRefused(
        422,
        `configmaps "x" is forbidden: ValidatingAdmissionPolicy 'p' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'example.com/v1, Kind=None'`,
      );
  });

  it('may be named only by those who can read them', () => {
    const actor = { name: 'jane', groups: ['testers'] };
    const stated = policy(validations, { spec: { paramKind: { apiVersion: 'v1', kind: 'Secret' } } });
    const { refusal } = cluster().when({ ...stated, actor });
    expect(refusal.message).toBe(
      'ValidatingAdmissionPolicy.admissionregistration.k8s.io "p" is invalid: spec.paramKind: Forbidden: user &{jane  [testers] map[]} ' +
        'must have "get" permission on all objects of the referenced paramKind (kind=Secret, apiVersion=v1)',
    );
    const given = cluster().and(stated);
    const bad = given.when({ ...binding(['Deny'], { paramRef: { name: 's', ...DENY } }), actor });
    expect(bad.refusal.message).toContain(
      'spec.paramRef: Forbidden: user &{jane  [testers] map[]} does not have "get" permission',
    );
    given.when({ ...binding(['Deny']), actor }).thenObject({});
  });

  it('are null without a paramRef', () => {
    cluster()
      .and(policy([{ expression: 'params == null' }], { spec: { paramKind } }))
      .and(binding())
      .when(configMap({}))
      .thenObject({});
  });
});

describe('the cost of policies', () => {
  it('is bounded when they are compiled', () => {
    const long = `object.data.a == '${'x'.repeat(70 * 1024)}'`;
    cluster()
      .when(policy([{ expression: long }]))
      .thenObject({});
    const { refusal } = cluster().when(policy([{ expression: long }, { expression: long }]));
    expect(refusal.message).toMatch(
      /spec: Invalid value: \d+: the expressions of a policy may have 131072 characters in all$/,
    );
  });

  const nested = (depth: number): string =>
    Array.from({ length: depth }, (_, i) => `object.data.all(k${i}, `).join('') + 'true' + ')'.repeat(depth);
  const wide = configMap(Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`k${i}`, ''])));

  it('is bounded for one expression', () => {
    const { refusal } = bound([{ expression: nested(4) }]).when(wide);
    expect(refusal.message).toMatch(/resulted in error: operation cancelled: actual cost limit exceeded$/);
  });

  it('is bounded for all expressions of a request together', () => {
    const { refusal } = bound(Array.from({ length: 40 }, () => ({ expression: nested(3) }))).when(wide);
    expect(refusal.message).toBe(
      denied('validation failed due to running out of cost budget, no further validation rules will be run'),
    );
  });
});

describe('which policies a write costs', () => {
  it('are those whose rules may name its resource, however many others there are', () => {
    const { view } = cluster()
      .and(policy([{ expression: 'true' }]))
      .and(policy([{ expression: 'true' }], { name: 'any', rule: { apiGroups: ['*'], resources: ['*/*'] } }))
      .and(policy([{ expression: 'true' }], { name: 'scales', rule: { apiGroups: ['apps'], resources: ['*/scale'] } }));
    for (let i = 0; i < 20; i++)
      submitted(view, policy([{ expression: 'true' }], { name: `other${i}`, rule: { resources: ['secrets'] } }));
    const namesFor = (id: string): readonly string[] => {
      const kind = registry.byId(id);
      return kind ? policiesFor(view, kind).map(({ metadata }) => metadata.name) : [];
    };
    expect(namesFor('core.configmaps')).toEqual(['any', 'p']);
    expect(namesFor('apps.deployments')).toEqual(['any', 'scales']);
    expect(namesFor('core.secrets')).toHaveLength(21);
  });

  it('are found for every request when they name too many resources to be indexed by', () => {
    const resources = Array.from({ length: 100 }, (_, i) => `r${i}`);
    const { view } = cluster().and(policy([{ expression: 'true' }], { rule: { resources } }));
    const kind = registry.byId('core.configmaps');
    expect(kind && policiesFor(view, kind)).toHaveLength(1);
    bound([{ expression: 'false' }], { rule: { resources } })
      .when(configMap({}))
      .thenObject({});
  });

  it('are compiled once for as long as their spec stays', () => {
    const { view } = bound([{ expression: NOT_BAD }]);
    const spec = () => view.get(validatingAdmissionPolicies, undefined, 'p')?.spec;
    const before = spec();
    const kind = `${GROUP}.validatingadmissionpolicies`;
    const body = { status: { observedGeneration: 1 } };
    submitted(view, { verb: 'patch', patchType: 'merge', kind, name: 'p', subresource: 'status', body });
    expect(before && policyExpressions(before)).toBe(before && policyExpressions(before));
    expect(spec()).toBe(before);
  });
});
