import { isUndecided } from '#model';
import {
  specification,
  submit,
  testCommand,
  TEST_NOW,
  type Given,
  type TestCommand,
  type TestView,
} from '#model/testing';
import type { Json, JsonObject } from '#std';
import { registry } from '../../../index.js';

export const GROUP = 'admissionregistration.k8s.io';

const rule = (more: JsonObject = {}): JsonObject => ({
  ...{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] },
  ...more,
});
export interface PolicyParts {
  readonly name?: string;
  readonly rule?: JsonObject;
  readonly spec?: JsonObject;
}
export const policy = (
  validations: readonly JsonObject[],
  { name = 'p', rule: own, spec }: PolicyParts = {},
): TestCommand => ({
  verb: 'create',
  kind: `${GROUP}.validatingadmissionpolicies`,
  body: {
    metadata: { name },
    spec: { matchConstraints: { resourceRules: [rule(own)] }, validations: validations as Json, ...spec },
  },
});
export const binding = (actions: readonly string[] = ['Deny'], spec: JsonObject = {}, name = 'b'): TestCommand => ({
  verb: 'create',
  kind: `${GROUP}.validatingadmissionpolicybindings`,
  body: { metadata: { name }, spec: { policyName: 'p', validationActions: actions as Json, ...spec } },
});
export const configMap = (data: JsonObject, metadata: JsonObject = {}): TestCommand => ({
  verb: 'create',
  kind: 'core.configmaps',
  namespace: 'ns',
  body: { metadata: { name: 'x', namespace: 'ns', ...metadata }, data },
});
export const cluster = (): Given =>
  specification(registry)
    .given()
    .and({ verb: 'create', kind: 'core.namespaces', body: { metadata: { name: 'ns', labels: { team: 'a' } } } });
export const submitted = (view: TestView, command: TestCommand): void => {
  const decided = submit(registry, view, testCommand(command), TEST_NOW);
  if (isUndecided(decided)) throw new Error(JSON.stringify(decided));
};
export const NOT_BAD = "object.data.a != 'bad'";
export const bound = (
  validations: readonly JsonObject[],
  parts: PolicyParts = {},
  actions?: readonly string[],
): Given => cluster().and(policy(validations, parts)).and(binding(actions));
export const denied = (message: string): string =>
  `configmaps "x" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ${message}`;
