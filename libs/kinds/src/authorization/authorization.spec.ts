import { describe, expect, it } from '@jest/globals';
import { isRefusal, type Inquired, type KubeObject, type Refusal } from '#model';
import { specification, TEST_NOW } from '#model/testing';
import { toTime, type JsonObject } from '#std';
import { registry } from '../index.js';

const { given } = specification(registry);
const ask = (plural: string, body: JsonObject, namespace?: string): Inquired | Refusal =>
  given().asking({ kind: `authorization.k8s.io.${plural}`, body, ...(namespace && { namespace }) });
const inquiry = (asked: Inquired | Refusal): Inquired['inquiry'] => {
  if (isRefusal(asked)) throw new Error(asked.message);
  return asked.inquiry;
};
const refusal = (asked: Inquired | Refusal): Refusal => {
  if (!isRefusal(asked)) throw new Error('not refused');
  return asked;
};
const problems = (asked: Inquired | Refusal): readonly string[] =>
  refusal(asked).details?.causes?.map(({ field, message }) => `${field}: ${message}`) ?? [];
/** What is answered when the authorizer has no objection. */
const allowed = (asked: Inquired | Refusal): KubeObject => {
  const one = inquiry(asked);
  if (one.asks !== 'authorizer') throw new Error(`asks ${one.asks}`);
  return one.answer({ allowed: true, reason: 'because' });
};

const pods = { verb: 'list', resource: 'pods', namespace: 'n' };
const self = 'selfsubjectaccessreviews';

describe('SelfSubjectAccessReview', () => {
  it('asks the authorizer about its sender, and answers what is said', () => {
    const asked = ask(self, { spec: { resourceAttributes: { ...pods, group: 'apps', name: 'x', subresource: 's' } } });
    expect(inquiry(asked)).toMatchObject({
      asks: 'authorizer',
      user: { name: 'kubernetes-admin' },
      attributes: {
        isResource: true,
        verb: 'list',
        group: 'apps',
        version: '*',
        resource: 'pods',
        subresource: 's',
        name: 'x',
        namespace: 'n',
      },
    });
    expect(allowed(asked)).toMatchObject({
      kind: 'SelfSubjectAccessReview',
      metadata: { managedFields: [{ manager: 'test', operation: 'Update', time: toTime(TEST_NOW) }] },
      spec: { resourceAttributes: { resource: 'pods' } },
      status: { allowed: true, reason: 'because' },
    });
  });
  it('asks about paths', () => {
    expect(inquiry(ask(self, { spec: { nonResourceAttributes: { path: '/x', verb: 'get' } } }))).toMatchObject({
      attributes: { isResource: false, path: '/x', verb: 'get' },
    });
  });
  it('does not believe a status that is sent', () => {
    const one = inquiry(ask(self, { spec: { resourceAttributes: pods }, status: { allowed: true, reason: 'mine' } }));
    if (one.asks !== 'authorizer') throw new Error(one.asks);
    expect(one.answer({ allowed: false, reason: '' })).toMatchObject({ status: { allowed: false } });
    expect(one.answer({ allowed: false, reason: '' })['status']).not.toHaveProperty('reason');
  });
  it('is about a resource or a path, and says nothing of itself', () => {
    const both = { resourceAttributes: pods, nonResourceAttributes: { path: '/x' } };
    expect(problems(ask(self, { spec: both }))).toEqual([
      'spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":""}: cannot be specified in combination with resourceAttributes',
    ]);
    expect(refusal(ask(self, {})).message).toBe(
      '.authorization.k8s.io "" is invalid: spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    );
    expect(problems(ask(self, { spec: { resourceAttributes: pods }, metadata: { name: 'x' } }))[0]).toMatch(
      /^metadata: Invalid value: \{"name":"x","managedFields":\[.*\]\}: must be empty$/,
    );
  });
  it.each([
    [{ fieldSelector: { rawSelector: 'a==b==,,' } }, 'fieldSelector ignored'],
    [{ fieldSelector: { requirements: [{ key: 'a', operator: 'In', values: ['b', 'c'] }] } }, 'fieldSelector ignored'],
    [{ labelSelector: { rawSelector: 'a in (b' } }, 'labelSelector ignored'],
    [
      {
        labelSelector: {
          requirements: [
            { key: 'a', operator: 'Exists' },
            { key: 'a', operator: 'Loves' },
          ],
        },
      },
      'labelSelector partially ignored',
    ],
  ])('answers although a selector is not understood, and says so: %j', (selector, words) => {
    expect(allowed(ask(self, { spec: { resourceAttributes: { ...pods, ...selector } } }))['status']).toEqual({
      allowed: true,
      reason: 'because',
      evaluationError: `spec.resourceAttributes.${words} due to parse error`,
    });
  });
  it('refuses selectors that make no sense', () => {
    const attributes = {
      ...pods,
      fieldSelector: {},
      labelSelector: { rawSelector: 'a', requirements: [{ key: 'b c' }] },
    };
    expect(problems(ask(self, { spec: { resourceAttributes: attributes } })).map((one) => one.slice(0, 75))).toEqual(
      [
        'spec.resourceAttributes.fieldSelector.requirements: Required value: when spec',
        'spec.resourceAttributes.labelSelector.rawSelector: Invalid value: "a": may n',
        'spec.resourceAttributes.labelSelector.requirements[0].key: Invalid value: "b',
      ].map((one) => one.slice(0, 75)),
    );
  });
});

describe('SubjectAccessReview and LocalSubjectAccessReview', () => {
  const somebody = { user: 'ann', groups: ['g'], uid: 'u', extra: { k: ['v'] } };
  it('ask about whom they name, with no group more', () => {
    const user = { name: 'ann', groups: ['g'], uid: 'u', extra: { k: ['v'] } };
    const spec = { ...somebody, resourceAttributes: pods };
    expect(inquiry(ask('subjectaccessreviews', { spec }))).toMatchObject({ user });
    const local = ask('localsubjectaccessreviews', { spec }, 'n');
    expect(inquiry(local)).toMatchObject({ user });
    expect(allowed(local)).toMatchObject({ metadata: { namespace: 'n' }, status: { allowed: true } });
  });
  it('name somebody', () => {
    expect(problems(ask('subjectaccessreviews', { spec: { uid: 'u', resourceAttributes: pods } }))).toEqual([
      'spec.user: Invalid value: "": at least one of user or group must be specified',
    ]);
  });
  it('stay in their namespace where they are local', () => {
    const local = (spec: JsonObject): readonly string[] => problems(ask('localsubjectaccessreviews', { spec }, 'here'));
    expect(local({ ...somebody, resourceAttributes: pods })).toEqual([
      'spec.resourceAttributes.namespace: Invalid value: "n": must match metadata.namespace',
    ]);
    expect(local({ ...somebody, nonResourceAttributes: { path: '/x', verb: 'get' } })).toEqual([
      'spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":"get"}: disallowed on this kind of request',
    ]);
    const elsewhere = { metadata: { namespace: 'there' }, spec: { ...somebody, resourceAttributes: pods } };
    expect(refusal(ask('localsubjectaccessreviews', elsewhere, 'here'))).toMatchObject({ code: 400 });
  });
});

describe('SelfSubjectRulesReview', () => {
  it('asks for the rules of its sender, and lists them as they were written', () => {
    const one = inquiry(ask('selfsubjectrulesreviews', { metadata: { name: 'x' }, spec: { namespace: 'n' } }));
    if (one.asks !== 'rules') throw new Error(one.asks);
    expect(one).toMatchObject({ user: { name: 'kubernetes-admin' }, namespace: 'n' });
    const rules = [
      { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: [] },
      { verbs: ['get'], nonResourceURLs: ['/x'] },
    ];
    expect(one.answer({ rules, incomplete: true, evaluationError: 'lost' })).toEqual({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectRulesReview',
      metadata: {},
      spec: {},
      status: {
        resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
        nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }],
        incomplete: true,
        evaluationError: 'lost',
      },
    });
  });
  it('wants a namespace', () => {
    expect(refusal(ask('selfsubjectrulesreviews', {}))).toMatchObject({
      code: 400,
      message: 'no namespace on request',
    });
  });
});

describe('a review', () => {
  const reviews = registry.all.filter((kind) => kind.inquire !== undefined);
  it.each(reviews.map((kind) => [kind.names.kind, kind.id] as const))('%s never reaches the log', (_kind, id) => {
    given().when({ verb: 'create', kind: id, body: {} }).thenRefused(405);
  });
});
