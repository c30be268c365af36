import { describe, expect, it } from '@jest/globals';
import type { AccessAttributes, KubeObject, UserInfo } from '#model';
import { TestView } from '#model/testing';
import fc from 'fast-check';
import { accessPolicy, registry } from '../index.js';

/**
 * The evaluator of this spec is written from the documentation of RBAC alone: a request is allowed when any rule of any role
 * that any binding gives the user allows it. It shares nothing with the code it checks.
 */
interface Rule {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}
interface Role {
  kind: 'Role' | 'ClusterRole';
  namespace?: string;
  name: string;
  rules: Rule[];
}
interface Subject {
  kind: string;
  name: string;
  namespace?: string;
}
interface Binding {
  namespace?: string;
  name: string;
  subjects: Subject[];
  roleRef: { kind: string; name: string };
}
interface Policy {
  roles: Role[];
  bindings: Binding[];
}

function plainly({ roles, bindings }: Policy, user: UserInfo, asked: AccessAttributes): boolean {
  for (const binding of bindings) {
    // A RoleBinding grants in its own namespace only, and never a URL.
    if (binding.namespace !== undefined && (!asked.isResource || binding.namespace !== asked.namespace)) continue;
    let isSubject = false;
    for (const subject of binding.subjects) {
      if (subject.kind === 'User' && subject.name === user.name) isSubject = true;
      if (subject.kind === 'Group') for (const group of user.groups) if (group === subject.name) isSubject = true;
      const home = subject.namespace ?? binding.namespace;
      if (subject.kind === 'ServiceAccount' && user.name === `system:serviceaccount:${home}:${subject.name}`)
        isSubject = true;
    }
    if (!isSubject) continue;
    for (const role of roles) {
      if (role.kind !== binding.roleRef.kind || role.name !== binding.roleRef.name) continue;
      if (role.kind === 'Role' && role.namespace !== binding.namespace) continue;
      for (const rule of role.rules) if (ruleAllows(rule, asked)) return true;
    }
  }
  return false;
}

function ruleAllows(rule: Rule, asked: AccessAttributes): boolean {
  if (rule.verbs.indexOf('*') === -1 && rule.verbs.indexOf(asked.verb) === -1) return false;
  if (!asked.isResource) {
    for (const url of rule.nonResourceURLs ?? []) {
      if (url === '*' || url === asked.path) return true;
      if (url.slice(-1) === '*' && asked.path.slice(0, url.length - 1) === url.slice(0, -1)) return true;
    }
    return false;
  }
  const groups = rule.apiGroups ?? [];
  if (groups.indexOf('*') === -1 && groups.indexOf(asked.group) === -1) return false;
  const whole = asked.subresource === '' ? asked.resource : asked.resource + '/' + asked.subresource;
  const anyOf = '*/' + asked.subresource;
  let isResource = false;
  for (const resource of rule.resources ?? []) {
    if (resource === '*' || resource === whole) isResource = true;
    if (asked.subresource !== '' && resource === anyOf) isResource = true;
  }
  if (!isResource) return false;
  const names = rule.resourceNames ?? [];
  return names.length === 0 || names.indexOf(asked.name) !== -1;
}

const some = (...values: string[]) => fc.constantFrom(...values);
const few = <T>(one: fc.Arbitrary<T>, minLength = 1) => fc.array(one, { minLength, maxLength: 3 });
const verb = some('get', 'list', 'delete', '*');
const resourceRule: fc.Arbitrary<Rule> = fc.record(
  {
    verbs: few(verb),
    apiGroups: few(some('', 'apps', '*')),
    resources: few(some('pods', 'pods/log', 'secrets', '*', '*/log', 'deployments', 'deployments/scale', '*/scale')),
    resourceNames: few(some('a', 'b'), 0),
  },
  { requiredKeys: ['verbs', 'apiGroups', 'resources'] },
);
const urlRule: fc.Arbitrary<Rule> = fc.record({
  verbs: few(verb),
  nonResourceURLs: few(some('/healthz', '/api/*', '/api', '/logs/*', '*', '/x')),
});
const roleName = some('r', 's');
const namespace = some('n', 'm');
const role: fc.Arbitrary<Role> = fc
  .tuple(fc.boolean(), namespace, roleName, few(fc.oneof(resourceRule, urlRule)))
  .map(([isCluster, where, name, rules]) =>
    isCluster ? { kind: 'ClusterRole', name, rules } : { kind: 'Role', namespace: where, name, rules },
  );
const subject: fc.Arbitrary<Subject> = fc.oneof(
  fc.record({ kind: fc.constant('User'), name: some('ann', 'bob', 'system:serviceaccount:n:a') }),
  fc.record({ kind: fc.constant('Group'), name: some('g', 'h', 'system:serviceaccounts') }),
  fc.record(
    { kind: fc.constant('ServiceAccount'), name: some('a', 'b'), namespace },
    { requiredKeys: ['kind', 'name'] },
  ),
);
const binding: fc.Arbitrary<Binding> = fc
  .tuple(fc.boolean(), namespace, some('x', 'y', 'z'), fc.array(subject, { maxLength: 3 }), roleName, fc.boolean())
  .map(([isCluster, where, name, subjects, to, toRole]) =>
    isCluster
      ? { name, subjects, roleRef: { kind: 'ClusterRole', name: to } }
      : { namespace: where, name, subjects, roleRef: { kind: toRole ? 'Role' : 'ClusterRole', name: to } },
  );
const policy: fc.Arbitrary<Policy> = fc.record({
  roles: fc.uniqueArray(role, { maxLength: 5, selector: (one) => `${one.kind} ${one.namespace} ${one.name}` }),
  bindings: fc.uniqueArray(binding, { maxLength: 6, selector: (one) => `${one.namespace} ${one.name}` }),
});
const user: fc.Arbitrary<UserInfo> = fc.record({
  name: some('ann', 'bob', 'cal', 'system:serviceaccount:n:a', 'system:serviceaccount:m:b'),
  groups: fc.array(some('g', 'h', 'system:serviceaccounts'), { maxLength: 2 }),
});
const request: fc.Arbitrary<AccessAttributes> = fc
  .record({
    verb: some('get', 'list', 'delete', 'sing'),
    isResource: fc.boolean(),
    path: some('/healthz', '/api', '/api/v1', '/logs/', '/logs', '/x', '/y'),
    group: some('', 'apps'),
    namespace: some('', 'n', 'm'),
    resource: some('pods', 'secrets', 'deployments'),
    subresource: some('', 'log', 'scale'),
    name: some('', 'a', 'b', 'c'),
  })
  .map((one) => ({ ...one, version: 'v1', path: one.isResource ? '' : one.path }));

function viewOf({ roles, bindings }: Policy): TestView {
  const view = new TestView(registry);
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const put = (kind: string, where: { namespace?: string; name: string }, rest: object): void => {
    const { name, namespace: home } = where;
    const metadata = { name, uid: `${kind} ${home} ${name}`, ...(home !== undefined && { namespace: home }) };
    view.put({ apiVersion, kind, metadata, ...rest } as unknown as KubeObject);
  };
  for (const one of roles) put(one.kind, one, { rules: one.rules });
  for (const one of bindings) {
    const { subjects, roleRef } = one;
    put(one.namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding', one, { subjects, roleRef });
  }
  return view;
}

describe('roles and bindings', () => {
  it('allow what an evaluator allows that is written as plainly as the documentation: 10,000 policies', () => {
    let allowed = 0;
    fc.assert(
      fc.property(policy, user, request, (given, who, asked) => {
        const expected = plainly(given, who, asked);
        if (expected) allowed++;
        expect(accessPolicy.authorize(who, asked, viewOf(given)).allowed).toBe(expected);
      }),
      { numRuns: 10_000 },
    );
    // Neither answer is so rare that the agreement would say nothing.
    expect(allowed).toBeGreaterThan(150);
    expect(allowed).toBeLessThan(9_000);
  });

  it('list exactly the rules by which a request of the namespace is allowed', () => {
    fc.assert(
      fc.property(policy, user, request, (given, who, asked) => {
        fc.pre(asked.isResource && asked.namespace !== '');
        const view = viewOf(given);
        const { rules } = accessPolicy.rules(who, asked.namespace, view);
        expect(rules.some((rule) => ruleAllows(rule as Rule, asked))).toBe(plainly(given, who, asked));
      }),
      { numRuns: 1000 },
    );
  });
});
