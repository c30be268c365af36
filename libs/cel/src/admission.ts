import { dns1123Label, dns1123Subdomain } from '#meta';
import { DYN, listOf, mapOf, opaque, parseType, STRING, type ObjectType, type Type } from './check/types.js';
import { kubernetesFunctions } from './functions/index.js';
import { overload, type Functions, type Overload } from './functions/overload.js';
import type { Environment } from './compile.js';
import {
  AuthorizerValue,
  CelError,
  NO_OVERLOAD,
  type AskAuthorizer,
  type AuthorizerAnswer,
  type Result,
  type Value,
} from './values/values.js';

/** What an admission expression may refer to besides `object`, `oldObject`, `request` and `namespaceObject`. */
export interface AdmissionOptions {
  /** Type of `params`; without one the policy has no `paramKind`. */
  readonly params?: Type;
  /** Types of `variables.…` that come before the expression. {@link declareVariable} adds later ones. */
  readonly variables?: ReadonlyMap<string, Type>;
  readonly hasAuthorizer?: boolean;
  /** Type of `object` and `oldObject` where it is known; `dyn` otherwise. */
  readonly object?: Type;
}

/** An environment whose `variables.…` may grow. */
export interface AdmissionEnvironment extends Environment {
  readonly variables: Map<string, Type>;
  readonly composited: Map<string, Type>;
}

/** Environment of ValidatingAdmissionPolicy, MutatingAdmissionPolicy and match conditions, without the functions of an authorizer. */
export function admissionEnvironment(options: AdmissionOptions = {}): AdmissionEnvironment {
  const object = options.object ?? DYN;
  const variables = new Map<string, Type>([
    ['object', object],
    ['oldObject', object],
    ['request', REQUEST],
    ['namespaceObject', NAMESPACE],
  ]);
  if (options.params) variables.set('params', options.params);
  const composited = new Map<string, Type>();
  const environment = { variables, composited, functions: declared };
  if (options.variables) {
    variables.set('variables', variablesType(composited));
    for (const [name, type] of options.variables) declareVariable(environment, name, type);
  }
  if (!options.hasAuthorizer) return environment;
  variables.set('authorizer', AUTHORIZER);
  variables.set('authorizer.requestResource', opaque(`${PACKAGE}.ResourceCheck`));
  return environment;
}

/** Declares one more composited variable in an environment that was made with `variables`. */
export function declareVariable({ variables, composited }: AdmissionEnvironment, name: string, type: Type): void {
  composited.set(name, type);
  variables.set(`variables.${name}`, type);
}

const PACKAGE = 'kubernetes.authorization';
const AUTHORIZER = opaque(`${PACKAGE}.Authorizer`);

function variablesType(types: ReadonlyMap<string, Type>): ObjectType {
  return { kind: 'object', name: 'kubernetes.variables', field: (name) => types.get(name) };
}
/** An object type from the texts of its fields' types; names of other object types are looked up. */
function object(name: string, fields: Readonly<Record<string, string | Type>>): ObjectType {
  const types = new Map(
    Object.entries(fields).map(([field, type]) => [field, typeof type === 'string' ? parseType(type) : type]),
  );
  return { kind: 'object', name, field: (field) => types.get(field) };
}

const KIND = object('kubernetes.GroupVersionKind', { group: 'string', version: 'string', kind: 'string' });
const RESOURCE = object('kubernetes.GroupVersionResource', { group: 'string', version: 'string', resource: 'string' });
const USER = object('kubernetes.UserInfo', {
  username: 'string',
  uid: 'string',
  groups: 'list(string)',
  extra: 'map(string, list(string))',
});
const REQUEST = object('kubernetes.AdmissionRequest', {
  kind: KIND,
  resource: RESOURCE,
  subResource: 'string',
  requestKind: KIND,
  requestResource: RESOURCE,
  requestSubResource: 'string',
  name: 'string',
  namespace: 'string',
  operation: 'string',
  userInfo: USER,
  dryRun: 'bool',
  options: 'dyn',
});
const NAMESPACE = object('kubernetes.Namespace', {
  metadata: object('kubernetes.NamespaceMetadata', {
    name: 'string',
    generateName: 'string',
    namespace: 'string',
    labels: mapOf(STRING, STRING),
    annotations: mapOf(STRING, STRING),
    UID: 'string',
    creationTimestamp: 'timestamp',
    deletionGracePeriodSeconds: 'int',
    deletionTimestamp: 'timestamp',
    generation: 'int',
    resourceVersion: 'string',
    finalizers: listOf(STRING),
  }),
  spec: object('kubernetes.NamespaceSpec', { finalizers: listOf(STRING) }),
  status: object('kubernetes.NamespaceStatus', { phase: 'string' }),
});

/** Facts that must not be empty. */
const FILLED = new Set(['path', 'resource']);
/** Cost of one question, as Kubernetes counts it. */
const QUESTION_COST = 350_000;

/** The functions of `authorizer`. Its value carries whom they ask. */
export function authorizerFunctions(): readonly Overload[] {
  const name = (type: string): string => `${PACKAGE}.${type}`;
  /** Adds a fact to the question and goes on as another type. */
  const step = (from: string, method: string, [to, fact]: readonly [string, string]): Overload =>
    overload(`${method}: ${name(from)}.(string) ${name(to)}`, ([target, value]) => {
      if (FILLED.has(method) && value === '') return new CelError(`${method} must not be empty`);
      return withFact(target, name(to), [fact, value]);
    });
  const decision = (method: string, type: string, read: (answer: AuthorizerAnswer) => Result): Overload =>
    overload(`${method}: ${name('Decision')}.() ${type}`, ([value]) => {
      return value instanceof AuthorizerValue ? read(value.ask(value.facts)) : NO_OVERLOAD;
    });
  const resource = ['subresource', 'namespace', 'name', 'fieldSelector', 'labelSelector'];
  return [
    step('Authorizer', 'path', ['PathCheck', 'path']),
    step('Authorizer', 'group', ['GroupCheck', 'group']),
    overload(
      `serviceAccount: ${name('Authorizer')}.(string, string) ${name('Authorizer')}`,
      ([target, namespace, account]) => {
        if (dns1123Subdomain(String(account)).length > 0) return new CelError('Invalid service account name');
        if (dns1123Label(String(namespace)).length > 0) return new CelError('Invalid service account namespace');
        return withFact(target, name('Authorizer'), ['serviceAccount', `${String(namespace)}/${String(account)}`]);
      },
    ),
    step('GroupCheck', 'resource', ['ResourceCheck', 'resource']),
    ...resource.map((method) => step('ResourceCheck', method, ['ResourceCheck', method])),
    ...['PathCheck', 'ResourceCheck'].map((type) =>
      overload(
        `check: ${name(type)}.(string) ${name('Decision')}`,
        ([target, verb]) => withFact(target, name('Decision'), ['verb', verb]),
        { cost: () => QUESTION_COST },
      ),
    ),
    decision('allowed', 'bool', ({ allowed }) => allowed),
    decision('reason', 'string', ({ reason }) => reason),
    decision('errored', 'bool', ({ error }) => error !== ''),
    decision('error', 'string', ({ error }) => error),
  ];
}
function withFact(
  target: Value | undefined,
  type: string,
  [fact, value]: readonly [string, Value | undefined],
): Result {
  if (!(target instanceof AuthorizerValue)) return NO_OVERLOAD;
  return new AuthorizerValue(type, { ...target.facts, [fact]: String(value) }, target.ask);
}
const declared: Functions = kubernetesFunctions.with(authorizerFunctions());

/** The value of `authorizer` itself. */
export function authorizerOf(ask: AskAuthorizer): AuthorizerValue {
  return new AuthorizerValue(`${PACKAGE}.Authorizer`, {}, ask);
}
/** The value of `authorizer.requestResource`. */
export function requestResourceOf(ask: AskAuthorizer, facts: Readonly<Record<string, string>>): AuthorizerValue {
  return new AuthorizerValue(`${PACKAGE}.ResourceCheck`, facts, ask);
}
