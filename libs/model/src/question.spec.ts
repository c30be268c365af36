import { describe, expect, it } from '@jest/globals';
import { answersOf, type Answer, type HttpsQuestion, type Question } from './index.js';

const https: HttpsQuestion = {
  ...{ asks: 'https', name: 'q', to: { url: 'https://hook.test/' }, body: { a: 1 }, timeoutMs: 10_000 },
};
const answer: Answer = { is: 'answered', status: 200, body: 'yes' };
const attributes = {
  ...{ verb: 'get', isResource: true, path: '', group: '', version: 'v1', namespace: 'n' },
  ...{ resource: 'pods', subresource: '', name: '' },
};
const user = { name: 'ann', groups: ['g'] };

describe('answers', () => {
  const answers = answersOf([{ question: https, answer }]);

  it('hold for the same question, however its server is reached and whatever time is left', () => {
    const to = { ...https.to, addresses: [{ host: '10.0.0.1', port: 443 }] };
    expect(answers.to({ ...https, to, timeoutMs: 1 })).toBe(answer);
  });
  it.each<[string, Partial<HttpsQuestion>]>([
    ['body', { body: { a: 2 } }],
    ['URL', { to: { url: 'https://other.test/' } }],
    ['name', { name: 'r' }],
  ])('hold for no question with another %s', (_what, more) => {
    expect(answers.to({ ...https, ...more })).toBeUndefined();
  });
  it('hold for nothing that is asked of somebody else under the same name', () => {
    expect(answers.to({ asks: 'rules', name: 'q', user, namespace: 'n' })).toBeUndefined();
  });
  it.each<[Question, Question]>([
    [
      { asks: 'authorizer', name: 'q', user, attributes },
      { asks: 'authorizer', name: 'q', user, attributes: { ...attributes, verb: 'list' } },
    ],
    [
      { asks: 'authenticator', name: 'q', token: 't', audiences: [] },
      { asks: 'authenticator', name: 'q', token: 'u', audiences: [] },
    ],
  ])('of the cluster itself hold for exactly what was asked: %j', (question, other) => {
    const failed: Answer = { is: 'failed', why: 'w' };
    const given = answersOf([{ question, answer: failed }]);
    expect(given.to(structuredClone(question))).toBe(failed);
    expect(given.to(other)).toBeUndefined();
  });
});
