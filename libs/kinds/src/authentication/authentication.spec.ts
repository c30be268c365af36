import { describe, expect, it } from '@jest/globals';
import { isRefusal, type Inquired, type Refusal } from '#model';
import { specification, TEST_NOW } from '#model/testing';
import { toTime, type JsonObject } from '#std';
import { registry } from '../index.js';

const { given } = specification(registry);
const inquiry = (asked: Inquired | Refusal): Inquired['inquiry'] => {
  if (isRefusal(asked)) throw new Error(asked.message);
  return asked.inquiry;
};
const TOKEN_REVIEW = 'authentication.k8s.io.tokenreviews';

describe('SelfSubjectReview', () => {
  it('says who sent it, whatever else was sent', () => {
    const body = { metadata: { name: 'x' }, status: { userInfo: { username: 'other' } } };
    const actor = { name: 'ann', uid: 'u', groups: ['g'], extra: { k: ['v'] } };
    const one = inquiry(given().asking({ kind: 'authentication.k8s.io.selfsubjectreviews', body, actor }));
    if (one.asks !== 'nobody') throw new Error(one.asks);
    expect(one.answer()).toEqual({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
      metadata: { creationTimestamp: toTime(TEST_NOW) },
      status: { userInfo: { username: 'ann', uid: 'u', groups: ['g'], extra: { k: ['v'] } } },
    });
  });
});

describe('TokenReview', () => {
  const ask = (body: JsonObject) => given().asking({ kind: TOKEN_REVIEW, body });
  const answer = (
    body: JsonObject,
    identity: Parameters<(Inquired['inquiry'] & { asks: 'authenticator' })['answer']>[0],
  ) => {
    const one = inquiry(ask(body));
    if (one.asks !== 'authenticator') throw new Error(one.asks);
    return one.answer(identity)['status'];
  };
  it('asks the authenticator whose a token is', () => {
    expect(inquiry(ask({ spec: { token: 't', audiences: ['a'] } }))).toMatchObject({
      asks: 'authenticator',
      token: 't',
      audiences: ['a'],
    });
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
    expect(ask({ spec: {} })).toMatchObject({
      code: 400,
      message: 'token is required for TokenReview in authentication',
    });
  });
});

describe('TokenRequest', () => {
  const home = () =>
    given()
      .and({ verb: 'create', kind: 'core.namespaces', body: { metadata: { name: 'n' } } })
      .and({ verb: 'create', kind: 'core.serviceaccounts', namespace: 'n', body: { metadata: { name: 'a' } } })
      .and({ verb: 'create', kind: 'core.secrets', namespace: 'n', body: { metadata: { name: 's' } } });
  const ask = (body: JsonObject, name = 'a') =>
    home().asking({ kind: 'core.serviceaccounts', subresource: 'token', namespace: 'n', name, body });

  it('asks the issuer for a token that dies with an object', () => {
    const one = inquiry(ask({ spec: { boundObjectRef: { kind: 'Secret', name: 's' } } }));
    if (one.asks !== 'issuer') throw new Error(one.asks);
    expect(one.wish).toMatchObject({
      namespace: 'n',
      account: { name: 'a', uid: expect.any(String) },
      audiences: [],
      expirationSeconds: 3600,
      bound: { claim: 'secret', object: { name: 's', uid: expect.any(String) } },
    });
    expect(one.answer({ token: 't', audiences: ['us'], expires: TEST_NOW })).toMatchObject({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { name: 'a', namespace: 'n', managedFields: [{ subresource: 'token' }] },
      spec: { audiences: ['us'], expirationSeconds: 3600 },
      status: { token: 't', expirationTimestamp: toTime(TEST_NOW) },
    });
  });
  it('is of an account that is there, and of no other', () => {
    expect(ask({}, 'none')).toMatchObject({ code: 404, message: 'serviceaccounts "none" not found' });
    expect(ask({ metadata: { name: 'b' } })).toMatchObject({ code: 422 });
  });
  it('lives from ten minutes on', () => {
    expect(ask({ spec: { expirationSeconds: 5 } })).toMatchObject({
      code: 422,
      message:
        'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes',
    });
  });
  it('can be bound to nothing else', () => {
    expect(ask({ spec: { boundObjectRef: { kind: 'ConfigMap', apiVersion: 'v1', name: 'x' } } })).toMatchObject({
      code: 400,
      message: 'cannot bind token to object of type /v1, Kind=ConfigMap',
    });
    expect(ask({ spec: { boundObjectRef: { kind: 'Pod', name: 'x' } } })).toMatchObject({ code: 404 });
  });
});
