import { describe, expect, it } from '@jest/globals';
import type { Answer, KubeObject, Question } from '#model';
import type { Given, TestCommand } from '#model/testing';
import type { JsonObject } from '#std';
import { add, allow, configuration, home, patching, requestOf, review, rule } from './testing.js';

const reviewOf = (plural: string, body: JsonObject): TestCommand => ({
  ...{ verb: 'create', kind: plural, body },
});
const TOKEN_REVIEW = reviewOf('authentication.k8s.io.tokenreviews', { spec: { token: 'secret' } });
const ACCESS_REVIEW = reviewOf('authorization.k8s.io.subjectaccessreviews', {
  spec: { user: 'ann', resourceAttributes: { verb: 'get', resource: 'pods' } },
});
const token = (body: JsonObject = {}, more: Partial<TestCommand> = {}): TestCommand => ({
  ...{ verb: 'create', kind: 'core.serviceaccounts', subresource: 'token', namespace: 'n', name: 'default', body },
  ...more,
});
const hooked = (role: 'Mutating' | 'Validating', resource: string, more: JsonObject = {}): TestCommand =>
  configuration(role, role.toLowerCase(), [{ ...rule(resource), ...more }]);

/** Decides with what everybody says; gives who was asked, in order. */
function decide(given: Given, command: TestCommand, hook: (question: Question<'https'>) => Answer = allow) {
  const asked: Question[] = [];
  const outcome = given.whenAnswered(command, (question) => {
    asked.push(question);
    switch (question.asks) {
      case 'https':
        return hook(question);
      case 'authorizer':
        return { is: 'answered', verdict: { allowed: true, reason: question.user.name } };
      case 'authenticator':
        return { is: 'answered', identity: { user: { name: question.token, groups: [] }, audiences: [] } };
      case 'issuer':
        return { is: 'answered', issued: { token: 'signed', audiences: question.wish.audiences, expires: 0 } };
      default:
        throw new Error(`asks ${question.asks}`);
    }
  });
  return { outcome, asked, order: asked.map(({ asks, name }) => (asks === 'https' ? name.split(' ')[0] : asks)) };
}

describe('webhooks about what is answered and never stored', () => {
  it.each([
    ['tokenreviews', TOKEN_REVIEW, 'authenticator'],
    ['subjectaccessreviews', ACCESS_REVIEW, 'authorizer'],
    ['serviceaccounts/token', token(), 'issuer'],
  ] as const)('are asked about %s in their order, before it is answered', (resource, command, last) => {
    const given = home(hooked('Mutating', resource), hooked('Validating', resource));
    expect(decide(given, command).order).toEqual(['mutating', 'validating', last]);
    const other = home(hooked('Mutating', 'configmaps'), hooked('Validating', 'serviceaccounts'));
    expect(decide(other, command).order).toEqual([last]);
  });

  it('see it as it was sent, and who sent it', () => {
    const given = home(hooked('Validating', 'serviceaccounts/token'));
    const { asked } = decide(given, token({ spec: { audiences: ['a'] } }));
    expect(requestOf(asked[0] as Question<'https'>)).toMatchObject({
      kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
      resource: { group: '', version: 'v1', resource: 'serviceaccounts' },
      subResource: 'token',
      name: 'default',
      namespace: 'n',
      operation: 'CREATE',
      userInfo: { username: 'kubernetes-admin' },
      object: { kind: 'TokenRequest', metadata: { name: 'default', namespace: 'n' }, spec: { audiences: ['a'] } },
      oldObject: null,
    });
  });

  it('change it, and what they made of it is what is asked and answered', () => {
    const given = home(hooked('Mutating', '*/*'));
    const { outcome, asked } = decide(given, ACCESS_REVIEW, (question) =>
      review(question, patching(add('/spec/user', 'berta'))),
    );
    expect(asked[1]).toMatchObject({ asks: 'authorizer', user: { name: 'berta' } });
    const served = outcome.served.served as KubeObject & { spec: JsonObject };
    expect(served).toMatchObject({ spec: { user: 'berta' }, status: { allowed: true, reason: 'berta' } });
    expect(Object.keys(served.metadata)).toEqual(['managedFields']);
    const audiences = decide(given, token(), (question) => review(question, patching(add('/spec/audiences', ['b']))));
    expect(audiences.outcome.served.served).toMatchObject({ spec: { audiences: ['b'] }, status: { token: 'signed' } });
  });

  it('may make it invalid', () => {
    const labels = patching(add('/metadata/labels', { a: 'b' }));
    const { outcome } = decide(home(hooked('Mutating', '*/*')), ACCESS_REVIEW, (question) => review(question, labels));
    outcome.thenRefused(422);
  });

  it('refuse it before anybody is asked for the answer, and warn and annotate', () => {
    const denied = { allowed: false, status: { code: 403, message: 'no' } };
    const refused = decide(home(hooked('Validating', 'serviceaccounts/token')), token(), (question) =>
      review(question, denied),
    );
    expect(refused.order).toEqual(['validating']);
    refused.outcome.thenRefused(403, 'admission webhook "a.hooks.test" denied the request: no');
    const said = { warnings: ['hm'], auditAnnotations: { k: 'v' } };
    const { outcome } = decide(home(hooked('Validating', '*/*')), TOKEN_REVIEW, (question) => review(question, said));
    expect(outcome.served).toMatchObject({ warnings: ['hm'], auditAnnotations: { 'a.hooks.test/k': 'v' } });
    // What was answered is recorded nowhere.
    expect(outcome.served).not.toHaveProperty('answers');
  });

  it('are not asked what is wrong with it, nor for a node that may not have it', () => {
    const given = home(hooked('Validating', '*/*'));
    given.when(reviewOf('authentication.k8s.io.tokenreviews', { spec: {} })).thenRefused(400);
    given.when(token({}, { name: 'none' })).thenRefused(404);
    const node = { name: 'system:node:n1', groups: ['system:nodes'] };
    given
      .when(token({}, { actor: node }))
      .thenRefused(403, 'serviceaccounts "default" is forbidden: node requested token not bound to a pod');
  });
});
