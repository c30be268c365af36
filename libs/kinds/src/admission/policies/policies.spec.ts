import { describe, expect, it } from '@jest/globals';
import type { TestCommand } from '#model/testing';
import {
  GROUP,
  policy,
  binding,
  configMap,
  cluster,
  NOT_BAD,
  bound,
  denied,
  type PolicyParts,
} from './testing/given-policies.js';

describe('a ValidatingAdmissionPolicy', () => {
  it('does nothing without a binding, and refuses with one', () => {
    cluster()
      .and(policy([{ expression: NOT_BAD }]))
      .when(configMap({ a: 'bad' }))
      .thenObject({});
    const given = bound([{ expression: NOT_BAD }]);
    given.when(configMap({ a: 'good' })).thenObject({});
    const { refusal } = given.when(configMap({ a: 'bad' })).thenRefused(422, denied(`failed expression: ${NOT_BAD}`));
    expect(refusal.reason).toBe('Invalid');
    expect(refusal.details).toMatchObject({ name: 'x', kind: 'configmaps', causes: [{ message: expect.any(String) }] });
  });

  it('answers with the reason and the message that the validation states', () => {
    const reasons: readonly (readonly [string | undefined, number])[] = [
      [undefined, 422],
      ['Invalid', 422],
      ['Forbidden', 403],
      ['RequestEntityTooLarge', 413],
    ];
    for (const [reason, code] of reasons) {
      const validation = { expression: NOT_BAD, message: ' no ', ...(reason !== undefined && { reason }) };
      bound([validation])
        .when(configMap({ a: 'bad' }))
        .thenRefused(code, denied('no'));
    }
    const messages: readonly (readonly [string, string])[] = [
      ["'  ' + object.data.a + ' '", 'bad'],
      ['string(object.data.none)', 'plain'],
      ["'a\\nb'", 'plain'],
      ["' '", 'plain'],
      ["object.data.big + ''", 'plain'],
    ];
    for (const [messageExpression, message] of messages)
      bound([{ expression: NOT_BAD, message: 'plain', messageExpression }])
        .when(configMap({ a: 'bad', big: 'x'.repeat(5 * 1024 + 1) }))
        .thenRefused(422, denied(message));
  });

  it('refuses for an expression that fails, or lets in under failurePolicy Ignore', () => {
    const failing = [{ expression: "object.data.none == 'x'" }];
    bound(failing)
      .when(configMap({ a: 'b' }))
      .thenRefused(422, denied("expression 'object.data.none == 'x'' resulted in error: no such key: none"));
    bound(failing, { spec: { failurePolicy: 'Ignore' } })
      .when(configMap({ a: 'b' }))
      .thenObject({});
    bound([{ expression: 'false' }], { spec: { failurePolicy: 'Ignore' } })
      .when(configMap({}))
      .thenRefused(422);
  });

  it('warns and annotates as the actions of the binding say', () => {
    const said = "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': no";
    const warned = bound([{ expression: NOT_BAD, message: 'no' }], {}, ['Warn', 'Audit']).when(configMap({ a: 'bad' }));
    expect(warned.accepted.warnings).toEqual([said]);
    const failure = { message: 'no', policy: 'p', binding: 'b', expressionIndex: 0 };
    expect(warned.accepted.auditAnnotations).toEqual({
      'validation.policy.admission.k8s.io/validation_failure': JSON.stringify([
        { ...failure, validationActions: ['Warn', 'Audit'] },
      ]),
    });
    const both = bound([{ expression: NOT_BAD, message: 'no' }], {}, ['Deny', 'Audit']).when(configMap({ a: 'bad' }));
    expect(Object.keys(both.refusal.auditAnnotations ?? {})).toHaveLength(1);
  });

  it('adds annotations to the audit event, those of all bindings together', () => {
    const auditAnnotations = [
      { key: 'data', valueExpression: "'a is ' + object.data.a" },
      { key: 'none', valueExpression: 'null' },
    ];
    const given = bound([], { spec: { auditAnnotations } }).and(binding(['Deny'], {}, 'c'));
    expect(given.when(configMap({ a: '1' })).accepted.auditAnnotations).toEqual({ 'p/data': 'a is 1' });
    const { accepted } = bound([]).and(binding()).when(configMap({}));
    expect(accepted.auditAnnotations).toBeUndefined();
    const failing = [{ key: 'k', valueExpression: 'string(object.data.none)' }];
    bound([], { spec: { auditAnnotations: failing } })
      .when(configMap({ a: '1' }))
      .thenRefused(422, denied("expression 'string(object.data.none)' resulted in error: no such key: none"));
  });

  it('is skipped where a match condition is false, even beside one that fails', () => {
    const conditions = (...expressions: readonly string[]): PolicyParts => ({
      spec: { matchConditions: expressions.map((expression, i) => ({ name: `c${i}`, expression })) },
    });
    const never = [{ expression: 'false' }];
    bound(never, conditions("'a' in object.data", "!('skip' in object.data)"))
      .when(configMap({ a: '1', skip: '' }))
      .thenObject({});
    bound(never, conditions('object.data.none == 1', 'false')).when(configMap({})).thenObject({});
    bound(never, conditions("object.data.none == 'x'"))
      .when(configMap({ a: '1' }))
      .thenRefused(422, denied("expression 'object.data.none == 'x'' resulted in error: no such key: none"));
    bound(never, conditions('true')).when(configMap({})).thenRefused(422);
  });

  it('evaluates variables that are read, with those before them', () => {
    const variables = [
      { name: 'bad', expression: "object.data.a == 'bad'" },
      { name: 'text', expression: "variables.bad ? 'bad indeed' : 'fine'" },
      { name: 'broken', expression: 'object.data.none' },
    ];
    const read = { expression: '!variables.bad', messageExpression: 'variables.text' };
    const given = bound([read, { expression: "object.data.a != 'worse' || variables.broken == 'x'" }], {
      spec: { variables },
    });
    given.when(configMap({ a: 'fine' })).thenObject({});
    given.when(configMap({ a: 'bad' })).thenRefused(422, denied('bad indeed'));
    const { refusal } = given.when(configMap({ a: 'worse' }));
    expect(refusal.message).toContain('composited variable "broken" fails to evaluate: no such key: none');
  });

  it('sees the request, the old object, and the namespace', () => {
    const expression =
      "request.operation == 'CREATE' && oldObject == null && object.kind == 'ConfigMap' && object.apiVersion == 'v1' && " +
      "request.name == 'x' && request.namespace == 'ns' && request.kind.kind == 'ConfigMap' && request.resource.resource == 'configmaps' && " +
      "request.userInfo.username == 'kubernetes-admin' && 'system:masters' in request.userInfo.groups && !request.dryRun && " +
      "request.options.kind == 'CreateOptions' && namespaceObject.metadata.labels.team == 'a' && namespaceObject.status.phase == 'Active'";
    bound([{ expression }]).when(configMap({})).thenObject({});
    const shrinking = {
      expression: 'oldObject == null || oldObject.data.all(k, k in object.data)',
      message: 'shrinks',
    };
    bound([shrinking])
      .and(configMap({ a: '1', b: '2' }))
      .when({
        ...configMap({ b: '1' }),
        verb: 'patch',
        patchType: 'json',
        name: 'x',
        body: [{ op: 'remove', path: '/data/a' }],
      })
      .thenRefused(422, denied('shrinks'));
    const kept = { expression: "object == null && oldObject.metadata.name == 'x'", message: 'seen' };
    bound([{ expression: `!(${kept.expression})`, message: 'seen' }], { rule: { operations: ['DELETE'] } })
      .and(configMap({}))
      .when({ verb: 'delete', kind: 'core.configmaps', namespace: 'ns', name: 'x' })
      .thenRefused(422, denied('seen'));
  });

  it('is asked about deletions of kinds whose deletion is their own, and about those of a collection without a name', () => {
    const rule = { apiGroups: ['*'], apiVersions: ['*'], operations: ['DELETE'], resources: ['*'] };
    const said = { expression: 'false', messageExpression: "request.?name.orValue('-')" };
    const given = bound([said], { rule }).and(configMap({}));
    given.when({ verb: 'delete', kind: 'core.namespaces', name: 'ns' }).thenRefused(422);
    const one: TestCommand = { verb: 'delete', kind: 'core.configmaps', namespace: 'ns', name: 'x' };
    given.when(one).thenRefused(422, denied('x'));
    given.when({ ...one, options: { ofCollection: true } }).thenRefused(422, denied('-').replace('"x"', '"Unknown"'));
  });

  it('asks the authorizer about the user of the request', () => {
    const may = "authorizer.group('').resource('secrets').namespace('ns').check('get').allowed()";
    const given = bound([
      { expression: `${may} && authorizer.requestResource.check('create').allowed()`, message: 'no' },
    ]);
    given.when(configMap({})).thenObject({});
    const actor = { name: 'jane', groups: ['system:authenticated'] };
    given.when({ ...configMap({}), actor }).thenRefused(422, denied('no'));
    bound([
      {
        expression: `authorizer.serviceAccount('ns', 'default').path('/metrics').check('get').allowed()`,
        message: 'no',
      },
    ])
      .when(configMap({}))
      .thenRefused(422, denied('no'));
  });

  it('looks at a scale as the Scale that it is, and at no label of its object', () => {
    const deployment: TestCommand = {
      verb: 'create',
      kind: 'apps.deployments',
      namespace: 'ns',
      body: {
        metadata: { name: 'd', namespace: 'ns', labels: { a: 'b' } },
        spec: {
          replicas: 1,
          selector: { matchLabels: { a: 'b' } },
          template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } },
        },
      },
    };
    const scale = { apiGroups: ['apps'], resources: ['deployments/scale'] };
    const validation = {
      expression: "object.kind == 'Scale' && object.spec.replicas <= 5",
      messageExpression:
        "'at most 5, not ' + string(object.spec.replicas) + ' (was ' + string(oldObject.spec.replicas) + ')'",
    };
    const scaled = (replicas: number): TestCommand => ({
      ...{
        verb: 'patch',
        patchType: 'merge',
        kind: 'apps.deployments',
        namespace: 'ns',
        name: 'd',
        subresource: 'scale',
      },
      body: { spec: { replicas } },
    });
    const given = bound([validation], { rule: scale }).and(deployment);
    given.when(scaled(5)).thenObject({});
    given
      .when(scaled(9))
      .thenRefused(
        422,
        `deployments.apps "d" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: at most 5, not 9 (was 1)`,
      );
    cluster()
      .and(policy([validation], { rule: scale }))
      .and(binding(['Deny'], { matchResources: { objectSelector: { matchLabels: { a: 'b' } } } }))
      .and(deployment)
      .when(scaled(9))
      .thenObject({});
  });

  it('is never asked about policies and bindings', () => {
    const everything = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] };
    const given = bound([{ expression: 'false' }], { rule: everything });
    given.when(configMap({})).thenRefused(422);
    given.when(policy([{ expression: 'true' }], { name: 'other' })).thenObject({});
    given.when({ verb: 'delete', kind: `${GROUP}.validatingadmissionpolicybindings`, name: 'b' }).thenEvent('Deleted');
  });
});
