import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditLog, AuditSeries } from '#ports';
import type { Json, JsonObject } from '#std';
import { TestServer } from './testing/test-server.js';

const GROUP = '/apis/admissionregistration.k8s.io/v1';
const MAPS = '/api/v1/namespaces/default/configmaps';
const FAILURE = 'validation.policy.admission.k8s.io/validation_failure';

class Kept implements AuditLog {
  readonly lost = 0;
  readonly written = 0;
  readonly events: JsonObject[] = [];
  write(_series: AuditSeries, event: JsonObject): void {
    this.events.push(event);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

describe('admission policies over HTTP', () => {
  const kept = new Kept();
  let server: TestServer;
  const ask = async (method: string, path: string, body?: JsonObject) => {
    kept.events.length = 0;
    const reply = await server.ask({ method, path, ...(body && { body }) });
    return { reply, annotations: (kept.events[0]?.['annotations'] ?? {}) as Record<string, string> };
  };
  const policy = async (name: string, spec: JsonObject): Promise<void> => {
    const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] };
    const matchConstraints = { resourceRules: [rule], objectSelector: { matchLabels: { for: name } } };
    await server.create(`${GROUP}/validatingadmissionpolicies`, {
      metadata: { name },
      spec: { matchConstraints, ...spec },
    });
  };
  const bind = (name: string, validationActions: Json): Promise<JsonObject> =>
    server.create(`${GROUP}/validatingadmissionpolicybindings`, {
      metadata: { name },
      spec: { policyName: name, validationActions },
    });
  const map = (name: string, of: string): JsonObject => ({
    metadata: { name, labels: { for: of } },
    data: { a: 'bad' },
  });

  beforeAll(async () => {
    server = await TestServer.start({ audit: kept });
    const validations = [{ expression: "object == null || object.data.a != 'bad'", message: 'say "good"' }];
    await policy('warns', {
      validations,
      auditAnnotations: [{ key: 'who', valueExpression: 'request.userInfo.username' }],
    });
    await bind('warns', ['Warn', 'Audit']);
    await policy('denies', { validations });
    await bind('denies', ['Deny', 'Audit']);
    await policy('keeps', { validations: [{ expression: "request.operation != 'DELETE'", message: 'kept' }] });
    await bind('keeps', ['Deny']);
  });
  afterAll(() => server.stop());

  it('warn in a header and annotate the audit event', async () => {
    const { reply, annotations } = await ask('POST', MAPS, map('w', 'warns'));
    expect(reply.code).toBe(201);
    const said = `Validation failed for ValidatingAdmissionPolicy 'warns' with binding 'warns': say "good"`;
    expect(reply.headers['warning']).toBe(`299 - ${JSON.stringify(said)}`);
    expect(annotations['warns/who']).toEqual(expect.any(String));
    expect(JSON.parse(annotations[FAILURE] ?? '')).toEqual([
      {
        ...{ message: 'say "good"', policy: 'warns', binding: 'warns' },
        expressionIndex: 0,
        validationActions: ['Warn', 'Audit'],
      },
    ]);
  });

  it('refuse, and annotate the audit event of what they refused', async () => {
    const { reply, annotations } = await ask('POST', MAPS, map('d', 'denies'));
    expect(reply.code).toBe(422);
    expect(reply.json).toMatchObject({ reason: 'Invalid', details: { name: 'd', kind: 'configmaps' } });
    expect(annotations[FAILURE]).toContain('say \\"good\\"');
    expect((await ask('GET', `${MAPS}/d`)).reply.code).toBe(404);
  });

  it('are asked about a dry run, a patch, and each object of a collection that is deleted', async () => {
    expect((await ask('POST', `${MAPS}?dryRun=All`, map('d', 'denies'))).reply.code).toBe(422);
    await server.create(MAPS, { metadata: { name: 'k', labels: { for: 'keeps' } } });
    const { reply } = await ask('DELETE', `${MAPS}?labelSelector=for%3Dkeeps`);
    expect(reply.json).toMatchObject({ message: expect.stringContaining('configmaps "Unknown" is forbidden') });
    expect((await ask('GET', `${MAPS}/k`)).reply.code).toBe(200);
  });
});

describe('policies on requests that store nothing', () => {
  let server: TestServer;
  const PODS = '/api/v1/namespaces/default/pods';
  const message = "request.operation + ' ' + request.kind.kind + ' ' + request.subResource + ' of ' + request.name";
  const policy = async (name: string, rule: JsonObject, validation: JsonObject): Promise<void> => {
    const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], ...rule }];
    const spec = { matchConstraints: { resourceRules }, validations: [validation] };
    await server.create(`${GROUP}/validatingadmissionpolicies`, { metadata: { name }, spec });
    const bound = { policyName: name, validationActions: ['Deny'] };
    await server.create(`${GROUP}/validatingadmissionpolicybindings`, { metadata: { name }, spec: bound });
  };
  beforeAll(async () => {
    server = await TestServer.start();
    const shell = { expression: "object.command[0] != 'sh'", messageExpression: message };
    await policy('exec', { operations: ['CONNECT'], resources: ['pods/exec'] }, shell);
    await policy(
      'tokens',
      { operations: ['CREATE'], resources: ['serviceaccounts/token'] },
      { expression: 'object.spec.expirationSeconds <= 3600', messageExpression: message },
    );
    await server.create('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'robot' } });
  });
  afterAll(() => server.stop());

  it('see a connection with its options', async () => {
    const containers = [{ name: 'c', image: 'i:1' }];
    await server.create('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    await server.create(PODS, { metadata: { name: 'p' }, spec: { containers } });
    const denied = await server.ask({ method: 'POST', path: `${PODS}/p/exec?command=sh&stdout=true` });
    expect(denied.code).toBe(422);
    expect(denied.json?.['message']).toBe(
      `pods "p" is forbidden: ValidatingAdmissionPolicy 'exec' with binding 'exec' denied request: CONNECT PodExecOptions exec of p`,
    );
    expect((await server.ask({ method: 'POST', path: `${PODS}/p/exec?command=ls` })).code).toBe(400);
    expect((await server.ask({ method: 'POST', path: `${PODS}/p/attach` })).code).toBe(400);
  });

  it('see a TokenRequest', async () => {
    const path = '/api/v1/namespaces/default/serviceaccounts/robot/token';
    const ask = (expirationSeconds: number) =>
      server.ask({ method: 'POST', path, body: { spec: { expirationSeconds, audiences: [] } } });
    expect((await ask(3600)).code).toBe(201);
    const denied = await ask(7200);
    expect(denied.json?.['message']).toBe(
      `serviceaccounts "robot" is forbidden: ValidatingAdmissionPolicy 'tokens' with binding 'tokens' denied request: CREATE TokenRequest token of robot`,
    );
  });
});
