import { describe, expect, it } from '@jest/globals';
import { Query } from '../query.js';
import { requestInfo } from '../request-info.js';
import { AuditPolicy } from './policy.js';

const policyOf = (...rules: readonly string[]): string =>
  ['apiVersion: audit.k8s.io/v1', 'kind: Policy', 'rules:', ...rules.map((rule) => `  - ${rule}`)].join('\n');
const decided = (text: string, method: string, path: string, user = { name: 'ann', groups: ['testers'] }) => {
  const [name = '', query = ''] = path.split('?');
  return AuditPolicy.parse(text).decide(user, requestInfo(method, name, new Query(query)));
};
const level = (...given: Parameters<typeof decided>): string => decided(...given).level;

describe('an audit policy', () => {
  const PODS = '/api/v1/namespaces/default/pods';

  it('is decided by the first rule that matches, and keeps nothing of what none matches', () => {
    const text = policyOf(
      '{ level: None, users: [bob] }',
      '{ level: Request, verbs: [create, patch] }',
      '{ level: Metadata, userGroups: [testers], verbs: [get, list] }',
    );
    expect(level(text, 'POST', PODS)).toBe('Request');
    expect(level(text, 'POST', PODS, { name: 'bob', groups: [] })).toBe('None');
    expect(level(text, 'GET', PODS)).toBe('Metadata');
    expect(level(text, 'GET', PODS, { name: 'cid', groups: ['others'] })).toBe('None');
    expect(level(text, 'GET', `${PODS}?watch=true`)).toBe('None');
  });

  it.each<[string, string, string, boolean]>([
    ['{ group: "" }', 'GET', `${PODS}/p`, true],
    ['{ group: apps }', 'GET', `${PODS}/p`, false],
    ['{ group: "", resources: [pods] }', 'GET', `${PODS}/p`, true],
    ['{ group: "", resources: [pods] }', 'GET', `${PODS}/p/log`, false],
    ['{ group: "", resources: [pods/log] }', 'GET', `${PODS}/p/log`, true],
    ['{ group: "", resources: [pods/*] }', 'GET', `${PODS}/p/log`, true],
    ['{ group: "", resources: ["*/log"] }', 'GET', `${PODS}/p/log`, true],
    ['{ group: "", resources: ["*/log"] }', 'GET', `${PODS}/p`, false],
    ['{ group: "", resources: ["*"] }', 'GET', `${PODS}/p/log`, true],
    ['{ group: "", resources: [pods], resourceNames: [p] }', 'GET', `${PODS}/p`, true],
    ['{ group: "", resources: [pods], resourceNames: [q] }', 'GET', `${PODS}/p`, false],
    ['{ group: apps, resources: [deployments] }', 'GET', '/apis/apps/v1/namespaces/default/deployments/d', true],
    ['{ group: "" }', 'GET', '/healthz', false],
  ])('resources: %s matches %s %s: %s', (group, method, path, isMatch) => {
    expect(level(policyOf(`{ level: Metadata, resources: [${group}] }`), method, path)).toBe(
      isMatch ? 'Metadata' : 'None',
    );
  });

  it('chooses namespaces, of cluster-wide resources the empty one', () => {
    const text = policyOf('{ level: Metadata, namespaces: [default, ""] }');
    expect(level(text, 'GET', PODS)).toBe('Metadata');
    expect(level(text, 'GET', '/api/v1/nodes')).toBe('Metadata');
    expect(level(text, 'GET', '/api/v1/namespaces/other/pods')).toBe('None');
    expect(level(text, 'GET', '/version')).toBe('None');
  });

  it.each<[string, string, boolean]>([
    ['/healthz', '/healthz', true],
    ['/healthz', '/healthz/log', false],
    ['/healthz*', '/healthz/log', true],
    ['*', '/version', true],
    ['*', PODS, false],
  ])('nonResourceURLs: %s matches %s: %s', (pattern, path, isMatch) => {
    expect(level(policyOf(`{ level: Metadata, nonResourceURLs: ["${pattern}"] }`), 'GET', path)).toBe(
      isMatch ? 'Metadata' : 'None',
    );
  });

  it('leaves out the stages of the policy and of the rule, and managed fields as the nearer one says', () => {
    const text = `${policyOf(
      '{ level: Metadata, verbs: [list], omitStages: [ResponseStarted], omitManagedFields: false }',
      '{ level: Metadata }',
    )}\nomitStages: [RequestReceived]\nomitManagedFields: true`;
    const [nearer, other] = [decided(text, 'GET', PODS), decided(text, 'POST', PODS)];
    expect([[...nearer.omitStages], nearer.omitManagedFields]).toEqual([['RequestReceived', 'ResponseStarted'], false]);
    expect([[...other.omitStages], other.omitManagedFields]).toEqual([['RequestReceived'], true]);
  });

  it.each<[string, string]>([
    ['', 'it must be a map'],
    ['kind: [', ''],
    ['apiVersion: audit.k8s.io/v1beta1\nkind: Policy\nrules: [{ level: None }]', 'must be a Policy of audit.k8s.io/v1'],
    ['apiVersion: audit.k8s.io/v1\nkind: Policy', 'rules: it needs at least one'],
    [
      policyOf('{ level: Everything }'),
      'rules[0].level: "Everything" is none of None, Metadata, Request, RequestResponse',
    ],
    [policyOf('{ verbs: [get] }'), 'rules[0].level: "" is none of'],
    [policyOf('{ level: None }', '{ level: None, verb: [get] }'), 'unknown field "rules[1].verb"'],
    [policyOf('{ level: None, users: ann }'), 'rules[0].users: it must be a list'],
    [policyOf('{ level: None, omitStages: [Begin] }'), 'rules[0].omitStages[0]: "Begin" is none of RequestReceived'],
    [policyOf('{ level: None, nonResourceURLs: ["/a*b"] }'), "a '*' must be the last character"],
    [policyOf('{ level: None, nonResourceURLs: [healthz] }'), "it must begin with a '/', or be '*'"],
    [policyOf('{ level: None, namespaces: [a], nonResourceURLs: ["/a"] }'), 'cannot apply to both'],
    [policyOf('{ level: None, resources: [{ group: "", resourceNames: [a] }] }'), 'requires at least one resource'],
    [policyOf('{ level: None, resources: [{ group: apps/v1 }] }'), 'it names a group without a version'],
  ])('that is wrong is refused with the place: %#', (text, why) => {
    expect(() => AuditPolicy.parse(text)).toThrow(why);
  });
});
