import { describe, expect, it } from '@jest/globals';
import { registry, validatingAdmissionPolicies } from '#kinds';
import { submit, testCommand, TEST_NOW, TestView, type TestCommand } from '#model/testing';
import type { Json, JsonObject } from '#std';
import { policyTypeChecking } from './index.js';

const KIND = 'admissionregistration.k8s.io.validatingadmissionpolicies';

interface Given {
  readonly expression: string;
  readonly messageExpression?: string;
  readonly rule?: JsonObject;
  readonly variables?: Json;
  readonly paramKind?: Json;
}
function policy({ expression, messageExpression, rule, variables = [], paramKind }: Given): JsonObject {
  const validation = { expression, ...(messageExpression && { messageExpression }) };
  const of = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'], ...rule };
  const spec = { matchConstraints: { resourceRules: [of] }, validations: [validation], variables };
  return { metadata: { name: 'p' }, spec: { ...spec, ...(paramKind !== undefined && { paramKind }) } };
}
function apply(view: TestView, command: TestCommand): void {
  const decided = submit(registry, view, testCommand(command), TEST_NOW);
  if ('refused' in decided) throw new Error(JSON.stringify(decided));
}
/** Carries out what the loop decides, and gives the status that it leaves. */
function checked(view: TestView): { readonly status: unknown; readonly writes: number } {
  const decisions = policyTypeChecking.keysAtStart(view).flatMap((key) => policyTypeChecking.reconcile(view, key, 0));
  for (const one of decisions) if (one.is === 'submit') apply(view, { ...one.command, options: {} } as TestCommand);
  return { status: view.get(validatingAdmissionPolicies, undefined, 'p')?.status, writes: decisions.length };
}
function made(given: Given): TestView {
  const view = new TestView(registry);
  apply(view, { verb: 'create', kind: KIND, body: policy(given) });
  return view;
}
const warningsOf = (given: Given): unknown =>
  (checked(made(given)).status as { typeChecking?: { expressionWarnings?: unknown } }).typeChecking?.expressionWarnings;

describe('type checking of policies', () => {
  it('says of a policy that is well typed which generation it checked', () => {
    const view = made({ expression: 'object.spec.replicas > 1' });
    expect(checked(view)).toEqual({ status: { observedGeneration: 1, typeChecking: {} }, writes: 1 });
    expect(checked(view).writes).toBe(0);
    const body = { spec: { validations: [{ expression: "object.spec.replicas > '2'" }] } };
    apply(view, { verb: 'patch', patchType: 'merge', kind: KIND, name: 'p', body });
    expect(checked(view).status).toMatchObject({ observedGeneration: 2, typeChecking: { expressionWarnings: [{}] } });
  });

  it('warns where types do not fit, in the words of the genuine server', () => {
    expect(warningsOf({ expression: "object.spec.replicas > '1'" })).toEqual([
      {
        fieldRef: 'spec.validations[0].expression',
        warning:
          "apps/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'\n" +
          " | object.spec.replicas > '1'\n | .....................^\n",
      },
    ]);
    expect(warningsOf({ expression: 'object.spec.nope > 1' })).toEqual([
      {
        fieldRef: 'spec.validations[0].expression',
        warning:
          "apps/v1, Kind=Deployment: ERROR: <input>:1:12: undefined field 'nope'\n | object.spec.nope > 1\n | ...........^\n",
      },
    ]);
  });

  it('checks messages, variables, parameters and each of several kinds', () => {
    const message = { expression: 'true', messageExpression: "'x' + object.spec.replicas" };
    expect(warningsOf(message)).toMatchObject([{ fieldRef: 'spec.validations[0].messageExpression' }]);
    const variables = [{ name: 'n', expression: 'object.spec.replicas' }];
    expect(warningsOf({ expression: 'variables.n > 1', variables })).toBeUndefined();
    expect(warningsOf({ expression: "variables.n == 'x'", variables })).toMatchObject([{}]);
    const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
    expect(warningsOf({ expression: "params.data['a'] == 'x'", paramKind })).toBeUndefined();
    expect(warningsOf({ expression: 'params.none == 1', paramKind })).toMatchObject([{}]);
    const rule = { apiGroups: ['apps', ''], resources: ['replicasets', 'pods'] };
    const [both] = warningsOf({ expression: 'object.spec.replicas > 1', rule }) as { warning: string }[];
    expect(both?.warning).toContain("/v1, Kind=Pod: ERROR: <input>:1:12: undefined field 'replicas'");
    expect(both?.warning).not.toContain('ReplicaSet');
  });

  it('checks nothing where the rules name no kind', () => {
    for (const rule of [
      { resources: ['*'] },
      { apiGroups: ['*'] },
      { resources: ['pods/status'] },
      { resources: ['x'] },
    ])
      expect(warningsOf({ expression: 'object.spec.nope > 1', rule })).toBeUndefined();
  });
});
