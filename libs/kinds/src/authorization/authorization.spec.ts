import { describe, expect, it } from '@jest/globals';
import type { AccessVerdict, KubeObject } from '#model';
import { specification, TEST_NOW, type Outcome } from '#model/testing';
import { toTime, type JsonObject } from '#std';
import { registry } from '../index.js';

const { given } = specification(registry);
const create = (plural: string, body: JsonObject, namespace?: string) =>
  ({ verb: 'create', kind: `authorization.k8s.io.${plural}`, body, ...(namespace && { namespace }) }) as const;
const ask = (plural: string, body: JsonObject, namespace?: string): Outcome =>
  given().when(create(plural, body, namespace));
const problems = (asked: Outcome): readonly string[] =>
  asked.refusal.details?.causes?.map(({ field, message }) => `${field}: ${message}`) ?? [];
/** What is served when the authorizer says so. */
const served = (
  plural: string,
  body: JsonObject,
  verdict: AccessVerdict = { allowed: true, reason: 'because' },
  namespace?: string,
): KubeObject =>
  given().whenAnswered(create(plural, body, namespace), ({ asks }) => {
    if (asks !== 'authorizer') throw new Error(`asks ${asks}`);
    return { is: 'answered', verdict };
  }).served.served;

const pods = { verb: 'list', resource: 'pods', namespace: 'n' };
const self = 'selfsubjectaccessreviews';

describe('SelfSubjectAccessReview', () => {
  it('asks the authorizer about its sender, and answers what is said', () => {
    const body = { spec: { resourceAttributes: { ...pods, group: 'apps', name: 'x', subresource: 's' } } };
    expect(ask(self, body).questions).toHaveLength(1);
    expect(ask(self, body).questions[0]).toMatchObject({
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
    expect(served(self, body)).toMatchObject({
      kind: 'SelfSubjectAccessReview',
      metadata: { managedFields: [{ manager: 'test', operation: 'Update', time: toTime(TEST_NOW) }] },
      spec: { resourceAttributes: { resource: 'pods' } },
      status: { allowed: true, reason: 'because' },
    });
  });
  it('asks about paths', () => {
    const { questions } = ask(self, { spec: { nonResourceAttributes: { path: '/x', verb: 'get' } } });
    expect(questions).toMatchObject([{ attributes: { isResource: false, path: '/x', verb: 'get' } }]);
  });
  it('does not believe a status that is sent', () => {
    const body = { spec: { resourceAttributes: pods }, status: { allowed: true, reason: 'mine' } };
    expect(served(self, body, { allowed: false, reason: '' })['status']).toEqual({ allowed: false });
  });
  it('is about a resource or a path, and says nothing of itself', () => {
    const both = { resourceAttributes: pods, nonResourceAttributes: { path: '/x' } };
    expect(problems(ask(self, { spec: both }))).toEqual([
      'spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":""}: cannot be specified in combination with resourceAttributes',
    ]);
    expect(ask(self, {}).refusal.message).toBe(
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
    expect(served(self, { spec: { resourceAttributes: { ...pods, ...selector } } })['status']).toEqual({
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
    expect(ask('subjectaccessreviews', { spec }).questions).toMatchObject([{ user }]);
    expect(ask('localsubjectaccessreviews', { spec }, 'n').questions).toMatchObject([{ user }]);
    expect(served('localsubjectaccessreviews', { spec }, undefined, 'n')).toMatchObject({
      metadata: { namespace: 'n' },
      status: { allowed: true },
    });
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
    ask('localsubjectaccessreviews', elsewhere, 'here').thenRefused(400);
  });
});

describe('SelfSubjectRulesReview', () => {
  it('asks for the rules of its sender, and lists them as they were written', () => {
    const asked = create('selfsubjectrulesreviews', { metadata: { name: 'x' }, spec: { namespace: 'n' } });
    expect(given().when(asked).questions).toMatchObject([
      { asks: 'rules', user: { name: 'kubernetes-admin' }, namespace: 'n' },
    ]);
    const rules = [
      { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: [] },
      { verbs: ['get'], nonResourceURLs: ['/x'] },
    ];
    const known = { rules, incomplete: true, evaluationError: 'lost' };
    const outcome = given().whenAnswered(asked, () => ({ is: 'answered', rules: known }));
    expect(outcome.served.served).toEqual({
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
    ask('selfsubjectrulesreviews', {}).thenRefused(400, 'no namespace on request');
  });
});

describe('a review', () => {
  const reviews = registry.all.filter((kind) => kind.isVirtual);
  it.each(reviews.map((kind) => [kind.names.kind, kind.id] as const))('%s never reaches the log', (_kind, id) => {
    for (const body of [{}, { spec: { token: 't', user: 'u', resourceAttributes: pods, namespace: 'n' } }])
      expect(given().when({ verb: 'create', kind: id, body }).decided).not.toHaveProperty('event');
    for (const verb of ['update', 'patch', 'delete'] as const)
      given().when({ verb, kind: id, name: 'x', body: {} }).thenRefused(405);
  });
  it('that nobody can answer is refused', () => {
    const command = create(self, { spec: { resourceAttributes: pods } });
    const outcome = given().whenAnswered(command, () => ({ is: 'failed', why: 'the authorizer is on holiday' }));
    outcome.thenRefused(500, 'Internal error occurred: the authorizer is on holiday');
  });
});
