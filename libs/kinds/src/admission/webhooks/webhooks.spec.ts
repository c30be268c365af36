import { describe, expect, it } from '@jest/globals';
import { isQuestions, type HttpsAnswer, type HttpsQuestion } from '#model';
import { TEST_NOW, type Given, type TestCommand } from '#model/testing';
import type { JsonObject } from '#std';
import { add, allow, configMap, configuration, decided, home, patching, requestOf, review, rule } from './testing.js';

describe('a validating webhook', () => {
  const given = home(configuration('Validating', 'v', [rule('configmaps')]));
  it('sees who wants to write what, and lets it pass', () => {
    const { outcome, asked } = decided(given, configMap(), allow);
    expect(asked).toMatchObject([
      {
        name: 'validating webhook v/a.hooks.test',
        to: { url: 'https://hooks.test/review?timeout=10s' },
        timeoutMs: 10_000,
        body: {
          ...{ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' },
          request: {
            kind: { group: '', version: 'v1', kind: 'ConfigMap' },
            resource: { group: '', version: 'v1', resource: 'configmaps' },
            requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
            ...{ name: 'm', namespace: 'n', operation: 'CREATE', dryRun: false, oldObject: null },
            userInfo: { username: 'kubernetes-admin' },
            object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm', uid: expect.any(String) } },
            options: { kind: 'CreateOptions' },
          },
        },
      },
    ]);
    outcome.thenEvent('Created');
    expect(outcome.accepted.answers).toEqual([{ from: 'validating webhook v/a.hooks.test', outcome: 'allowed' }]);
  });
  it.each([
    [{}, 400, 'admission webhook "a.hooks.test" denied the request without explanation'],
    [{ message: 'no' }, 400, 'admission webhook "a.hooks.test" denied the request: no'],
    [{ code: 200, reason: 'Taken' }, 400, 'admission webhook "a.hooks.test" denied the request: Taken'],
    [{ code: 418, message: 'x' }, 418, 'admission webhook "a.hooks.test" denied the request: x'],
  ])('that refuses with %j', (status, code, message) => {
    const { outcome } = decided(given, configMap(), (question) => review(question, { allowed: false, status }));
    outcome.thenRefused(code, message);
  });
  it('adds warnings and audit annotations, also when it refuses', () => {
    const said = { warnings: ['careful'], auditAnnotations: { k: 'v' } };
    const notes = { warnings: ['careful'], auditAnnotations: { 'a.hooks.test/k': 'v' } };
    const { outcome } = decided(given, configMap(), (question) => review(question, said));
    expect(outcome.accepted).toMatchObject(notes);
    const refused = decided(given, configMap(), (question) => review(question, { ...said, allowed: false }));
    expect(refused.outcome.refusal).toMatchObject(notes);
  });
  it.each([
    [
      { is: 'failed', why: 'context deadline exceeded' },
      'failed to call webhook: Post "https://hooks.test/review?timeout=10s": context deadline exceeded',
    ],
    [
      { is: 'answered', status: 404, body: '' },
      'failed to call webhook: the server could not find the requested resource',
    ],
    [
      { is: 'answered', status: 500, body: 'oh' },
      'failed to call webhook: an error on the server ("oh") has prevented the request from succeeding',
    ],
    [{ is: 'answered', status: 200, body: {} }, 'received invalid webhook response: webhook response was absent'],
    [
      { is: 'answered', status: 200, body: { response: { allowed: true } } },
      'received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=',
    ],
  ] as readonly (readonly [HttpsAnswer, string])[])(
    'that gives no answer that can be used (%#) refuses, or is ignored',
    (answer, why) => {
      const refused = decided(given, configMap(), () => answer);
      refused.outcome.thenRefused(500, `Internal error occurred: failed calling webhook "a.hooks.test": ${why}`);
      const lenient = home(configuration('Validating', 'v', [{ ...rule('configmaps'), failurePolicy: 'Ignore' }]));
      const { outcome } = decided(lenient, configMap(), () => answer);
      outcome.thenEvent('Created');
      expect(outcome.accepted).toMatchObject({
        answers: [{ outcome: 'failed' }],
        auditAnnotations: { 'failed-open.validating.webhook.admission.k8s.io/round_0_index_0': 'a.hooks.test' },
      });
    },
  );
  it('must answer with the uid of the question and without a patch', () => {
    const other = decided(given, configMap(), (question) => review(question, { uid: 'x' })).outcome.refusal.message;
    expect(other).toMatch(/received invalid webhook response: expected response.uid=".{36}", got "x"$/);
    const patch = decided(given, configMap(), (question) => review(question, patching()));
    expect(patch.outcome.refusal.message).toContain('unexpected response.patch');
  });
  it('is asked at once with all others, and the first refusal counts', () => {
    const two = home(
      configuration('Validating', 'w', [rule('configmaps')]),
      configuration('Validating', 'v', [{ ...rule('configmaps'), name: 'b.hooks.test' }, rule('secrets')]),
    );
    expect(two.when(configMap()).questions).toHaveLength(2);
    const { outcome } = decided(two, configMap(), (question) => review(question, { allowed: false }));
    outcome.thenRefused(400, 'admission webhook "b.hooks.test" denied the request without explanation');
  });
  it('speaks the older version of the review with those who know no other', () => {
    const old = home(configuration('Validating', 'v', [{ admissionReviewVersions: ['v1beta1'] }]));
    const { outcome, asked } = decided(old, configMap(), () => ({
      ...{ is: 'answered', status: 200, body: { response: { allowed: true } } },
    }));
    expect(asked[0]?.body['apiVersion']).toBe('admission.k8s.io/v1beta1');
    outcome.thenEvent('Created');
  });
  it('is asked again when the object has changed meanwhile', () => {
    const before = given.when(configMap()).questions[0] as HttpsQuestion;
    const changed = configMap('m', { a: '2' });
    const outcome = given.when(changed, TEST_NOW, [{ question: before, answer: allow(before) }]);
    expect(requestOf(outcome.questions[0] as HttpsQuestion)['object']).toMatchObject({ data: { a: '2' } });
  });
});

describe('which requests a webhook is about', () => {
  const isAsked = (hook: JsonObject, command: TestCommand): boolean =>
    isQuestions(home(configuration('Validating', 'v', [hook])).when(command).decided);
  it('say its rules, its selectors and its conditions', () => {
    expect(isAsked(rule('configmaps', 'UPDATE'), configMap())).toBe(false);
    expect(isAsked(rule('configmaps', 'CREATE', 'apps'), configMap())).toBe(false);
    expect(isAsked({ namespaceSelector: { matchLabels: { team: 'a' } } }, configMap())).toBe(true);
    expect(isAsked({ namespaceSelector: { matchLabels: { team: 'b' } } }, configMap())).toBe(false);
    expect(isAsked({ objectSelector: { matchLabels: { x: 'y' } } }, configMap())).toBe(false);
    const condition = (expression: string) => ({ matchConditions: [{ name: 'c', expression }] });
    expect(isAsked(condition('object.data.a == "1"'), configMap())).toBe(true);
    expect(isAsked(condition('request.operation == "UPDATE"'), configMap())).toBe(false);
    expect(isAsked(condition('authorizer.group("").resource("pods").check("delete").allowed()'), configMap())).toBe(
      true,
    );
    const nobody = { ...configMap(), actor: { name: 'nobody', groups: [] } };
    expect(isAsked(condition('authorizer.group("").resource("pods").check("delete").allowed()'), nobody)).toBe(false);
  });
  it('and a condition that fails refuses, or skips the webhook', () => {
    const broken = { matchConditions: [{ name: 'c', expression: 'object.data.none == "1"' }] };
    const given = (hook: JsonObject) => home(configuration('Validating', 'v', [{ ...broken, ...hook }]));
    const { refusal } = given({}).when(configMap());
    expect(refusal).toMatchObject({ code: 403 });
    expect(refusal.message).toContain('no such key: none');
    given({ failurePolicy: 'Ignore' }).when(configMap()).thenEvent('Created');
  });
  it('never configurations of webhooks and policies', () => {
    const given = home(configuration('Validating', 'v', [{}]), configuration('Mutating', 'm', [{}]));
    given.when(configuration('Mutating', 'other', [])).thenEvent('Created');
    given
      .when({ verb: 'delete', kind: 'admissionregistration.k8s.io.validatingwebhookconfigurations', name: 'v' })
      .thenEvent('Deleted');
  });
  it('shows the object in the version of its rules under Equivalent', () => {
    const event: TestCommand = {
      ...{ verb: 'create', kind: 'core.events', namespace: 'n', apiVersion: 'v1' },
      body: { metadata: { name: 'e', namespace: 'n' }, involvedObject: { namespace: 'n' }, count: 3 },
    };
    const given = home(configuration('Validating', 'v', [rule('events', 'CREATE', 'events.k8s.io', 'v1')]));
    expect(given.when(event).questions).toMatchObject([
      {
        body: {
          request: {
            kind: { group: 'events.k8s.io', version: 'v1', kind: 'Event' },
            resource: { group: 'events.k8s.io', resource: 'events' },
            requestKind: { group: '', version: 'v1', kind: 'Event' },
            object: { apiVersion: 'events.k8s.io/v1', deprecatedCount: 3 },
          },
        },
      },
    ]);
    expect(isAsked({ ...rule('events', 'CREATE', 'events.k8s.io', 'v1'), matchPolicy: 'Exact' }, event)).toBe(false);
  });
});

describe('what is no plain write of an object', () => {
  const pod: TestCommand = {
    ...{ verb: 'create', kind: 'core.pods', namespace: 'n', name: 'p' },
    body: { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  };
  const asked = (given: Given, command: TestCommand) => requestOf(given.when(command).questions[0] as HttpsQuestion);
  const hooked = (hook: JsonObject, ...before: readonly TestCommand[]) =>
    home(...before, configuration('Validating', 'v', [hook]));
  it('is sent as what it is: deletions with the object that goes', () => {
    const given = hooked(rule('configmaps', 'DELETE'), configMap());
    const remove: TestCommand = { verb: 'delete', kind: 'core.configmaps', namespace: 'n', name: 'm', body: {} };
    expect(asked(given, remove)).toMatchObject({
      ...{ operation: 'DELETE', name: 'm', object: null, oldObject: { data: { a: '1' } } },
      options: { kind: 'DeleteOptions' },
    });
    decided(given, remove, (question) => review(question, { allowed: false })).outcome.thenRefused(400);
    decided(given, remove, allow).outcome.thenEvent('Deleted');
    expect(asked(given, { ...remove, options: { ofCollection: true } })).not.toHaveProperty('name');
  });
  it('evictions and bindings', () => {
    const evict: TestCommand = {
      ...{ verb: 'create', kind: 'core.pods', namespace: 'n', name: 'p', subresource: 'eviction' },
      ...{ apiVersion: 'policy/v1', body: { metadata: { name: 'p' } } },
    };
    const given = hooked(rule('pods/eviction'), pod);
    expect(asked(given, evict)).toMatchObject({
      ...{ operation: 'CREATE', subResource: 'eviction', name: 'p', object: { kind: 'Eviction' } },
      kind: { group: 'policy', kind: 'Eviction' },
    });
    decided(given, evict, (question) => review(question, { allowed: false })).outcome.thenRefused(400);
    // The deletion is a part of the eviction.
    hooked(rule('pods', 'DELETE'), pod).when(evict).thenEvent('DeletionRequested');
    const bind: TestCommand = {
      ...evict,
      subresource: 'binding',
      apiVersion: 'v1',
      body: { metadata: { name: 'p' }, target: { name: 'node' } },
    };
    const binding = hooked(rule('pods/binding'), pod);
    expect(asked(binding, bind)).toMatchObject({ subResource: 'binding', object: { target: { name: 'node' } } });
    decided(binding, bind, allow).outcome.thenEvent('PodBound');
  });
  it('updates of the status and of the scale', () => {
    const set: TestCommand = {
      ...{ verb: 'create', kind: 'apps.replicasets', namespace: 'n', name: 'r' },
      body: {
        metadata: { name: 'r' },
        spec: {
          replicas: 1,
          selector: { matchLabels: { a: 'b' } },
          template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
        },
      },
    };
    const scale: TestCommand = {
      ...{ verb: 'patch', patchType: 'merge', kind: 'apps.replicasets', namespace: 'n', name: 'r' },
      ...{ subresource: 'scale', body: { spec: { replicas: 3 } } },
    };
    const given = hooked(rule('replicasets/scale'), set);
    expect(asked(given, scale)).toMatchObject({
      kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
      resource: { group: 'apps', version: 'v1', resource: 'replicasets' },
      ...{
        subResource: 'scale',
        object: { kind: 'Scale', spec: { replicas: 3 } },
        oldObject: { spec: { replicas: 1 } },
      },
    });
    const mutating = home(set, configuration('Mutating', 'm', [rule('replicasets/scale')]));
    const { outcome } = decided(mutating, scale, (question) => review(question, patching(add('/spec/replicas', 5))));
    outcome.thenObject({ spec: { replicas: 5 } });
    expect(isQuestions(hooked(rule('replicasets'), set).when(scale).decided)).toBe(false);
    const status: TestCommand = { ...scale, subresource: 'status', body: { status: { replicas: 1 } } };
    expect(asked(hooked(rule('replicasets/status'), set), status)).toMatchObject({ subResource: 'status' });
  });
});
