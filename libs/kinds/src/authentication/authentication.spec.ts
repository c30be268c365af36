import { describe, expect, it } from '@jest/globals';
import type { Identity } from '#model';
import { specification, TEST_NOW, type Outcome } from '#model/testing';
import { toTime, type JsonObject } from '#std';
import { registry } from '../index.js';

const { given } = specification(registry);
const TOKEN_REVIEW = 'authentication.k8s.io.tokenreviews';

describe('SelfSubjectReview', () => {
  it('says who sent it, whatever else was sent', () => {
    const body = { metadata: { name: 'x' }, status: { userInfo: { username: 'other' } } };
    const actor = { name: 'ann', uid: 'u', groups: ['g'], extra: { k: ['v'] } };
    const kind = 'authentication.k8s.io.selfsubjectreviews';
    expect(given().when({ verb: 'create', kind, body, actor }).served.served).toEqual({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
      metadata: { creationTimestamp: toTime(TEST_NOW) },
      status: { userInfo: { username: 'ann', uid: 'u', groups: ['g'], extra: { k: ['v'] } } },
    });
  });
});

describe('TokenReview', () => {
  const review = (body: JsonObject) => ({ verb: 'create', kind: TOKEN_REVIEW, body }) as const;
  const answer = (body: JsonObject, identity: Identity) =>
    given().whenAnswered(review(body), () => ({ is: 'answered', identity })).served.served['status'];
  it('asks the authenticator whose a token is', () => {
    expect(given().when(review({ spec: { token: 't', audiences: ['a'] } })).questions).toEqual([
      { asks: 'authenticator', name: 'authenticator', token: 't', audiences: ['a'] },
    ]);
    expect(answer({ spec: { token: 't' } }, { user: { name: 'ann', groups: [] }, audiences: ['a'] })).toEqual({
      authenticated: true,
      user: { username: 'ann' },
      audiences: ['a'],
    });
  });
  it('says why a token is not good, and does not believe that it is', () => {
    const body = { spec: { token: 't' }, status: { authenticated: true, user: { username: 'x' } } };
    expect(answer(body, { error: 'invalid bearer token' })).toEqual({
      user: { username: 'x' },
      error: 'invalid bearer token',
    });
  });
  it('needs a token', () => {
    given()
      .when(review({ spec: {} }))
      .thenRefused(400, 'token is required for TokenReview in authentication');
  });
});

describe('TokenRequest', () => {
  const home = () =>
    given()
      .and({ verb: 'create', kind: 'core.namespaces', body: { metadata: { name: 'n' } } })
      .and({ verb: 'create', kind: 'core.serviceaccounts', namespace: 'n', body: { metadata: { name: 'a' } } })
      .and({ verb: 'create', kind: 'core.secrets', namespace: 'n', body: { metadata: { name: 's' } } });
  const request = (body: JsonObject, name = 'a', namespace = 'n') =>
    ({ verb: 'create', kind: 'core.serviceaccounts', subresource: 'token', namespace, name, body }) as const;
  const ask = (body: JsonObject, name = 'a', namespace = 'n'): Outcome => home().when(request(body, name, namespace));

  it('asks the issuer for a token that dies with an object', () => {
    const command = request({ spec: { boundObjectRef: { kind: 'Secret', name: 's' } } });
    expect(home().when(command).questions).toEqual([
      {
        ...{ asks: 'issuer', name: 'issuer', id: expect.any(String), now: TEST_NOW },
        wish: {
          namespace: 'n',
          account: { name: 'a', uid: expect.any(String) },
          audiences: [],
          expirationSeconds: 3600,
          bound: { claim: 'secret', object: { name: 's', uid: expect.any(String) } },
        },
      },
    ]);
    const issued = { token: 't', audiences: ['us'], expires: TEST_NOW };
    expect(home().whenAnswered(command, () => ({ is: 'answered', issued })).served.served).toMatchObject({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { name: 'a', namespace: 'n', managedFields: [{ subresource: 'token' }] },
      spec: { audiences: ['us'], expirationSeconds: 3600 },
      status: { token: 't', expirationTimestamp: toTime(TEST_NOW) },
    });
  });
  it('is of an account that is there, and of no other', () => {
    ask({}, 'none').thenRefused(404, 'serviceaccounts "none" not found');
    ask({}, 'a', 'nowhere').thenRefused(404, 'namespaces "nowhere" not found');
    ask({ metadata: { name: 'b' } }).thenRefused(422);
  });
  it('lives from ten minutes on', () => {
    ask({ spec: { expirationSeconds: 5 } }).thenRefused(
      422,
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes',
    );
  });
  it('can be bound to nothing else', () => {
    ask({ spec: { boundObjectRef: { kind: 'ConfigMap', apiVersion: 'v1', name: 'x' } } }).thenRefused(
      400,
      'cannot bind token to object of type /v1, Kind=ConfigMap',
    );
    ask({ spec: { boundObjectRef: { kind: 'Pod', name: 'x' } } }).thenRefused(404);
  });
});
