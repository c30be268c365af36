import { isQuestions, type HttpsAnswer, type Answered, type HttpsQuestion } from '#model';
import { specification, TEST_NOW, type Given, type Outcome, type TestCommand } from '#model/testing';
import type { Json, JsonObject } from '#std';
import { registry } from '../../index.js';

export type Role = 'Mutating' | 'Validating';
export const configuration = (role: Role, name: string, hooks: readonly JsonObject[]): TestCommand => ({
  verb: 'create',
  kind: `admissionregistration.k8s.io.${role.toLowerCase()}webhookconfigurations`,
  body: { metadata: { name }, webhooks: hooks.map((hook) => ({ ...HOOK, ...hook })) },
});
export const HOOK = {
  name: 'a.hooks.test',
  clientConfig: { url: 'https://hooks.test/review' },
  rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] }],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
};
export const rule = (resource: string, operation = '*', group = '*', version = '*') => ({
  rules: [{ apiGroups: [group], apiVersions: [version], operations: [operation], resources: [resource] }],
});
export const home = (...commands: readonly TestCommand[]): Given =>
  [
    { verb: 'create', kind: 'core.namespaces', body: { metadata: { name: 'n', labels: { team: 'a' } } } } as const,
    { verb: 'create', kind: 'core.serviceaccounts', namespace: 'n', body: { metadata: { name: 'default' } } } as const,
    ...commands,
  ].reduce((given: Given, command) => given.and(command), specification(registry).given());
export const configMap = (name = 'm', data: JsonObject = { a: '1' }): TestCommand => ({
  ...{ verb: 'create', kind: 'core.configmaps', namespace: 'n', name, body: { metadata: { name }, data } },
});
export const requestOf = ({ body }: HttpsQuestion) => body['request'] as JsonObject;
export const review = (question: HttpsQuestion, response: JsonObject): HttpsAnswer => ({
  ...{ is: 'answered', status: 200 },
  body: {
    apiVersion: question.body['apiVersion'] as string,
    kind: 'AdmissionReview',
    response: { uid: requestOf(question)['uid'] as string, allowed: true, ...response },
  },
});
export const patching = (...operations: readonly Json[]): JsonObject => ({
  patchType: 'JSONPatch',
  patch: btoa(JSON.stringify(operations)),
});
export const add = (path: string, value: Json): Json => ({ op: 'add', path, value });

/** Decides with the answers of a script until nothing is asked any more. */
export function decided(given: Given, command: TestCommand, script: (question: HttpsQuestion) => HttpsAnswer) {
  const answered: Answered[] = [];
  const asked: HttpsQuestion[] = [];
  for (let round = 0; round < 20; round++) {
    const outcome: Outcome = given.when(command, TEST_NOW, answered);
    if (!isQuestions(outcome.decided)) return { outcome, asked };
    for (const question of outcome.questions) {
      if (question.asks !== 'https') throw new Error(`asks ${question.asks}`);
      asked.push(question);
      answered.push({ question, answer: script(question) });
    }
  }
  throw new Error('it asks for ever');
}
export const allow = (question: HttpsQuestion): HttpsAnswer => review(question, {});
export const names = (asked: readonly HttpsQuestion[]): readonly string[] => asked.map(({ name }) => name);
