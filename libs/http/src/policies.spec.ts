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
