import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '#model';
import { specification } from '#model/testing';
import type { JsonObject } from '#std';
import { registry } from '../../index.js';

const kind = 'apiregistration.k8s.io.apiservices';
const service = { namespace: 'agg', name: 'api' };
const spec = { group: 'agg.example.com', version: 'v1', groupPriorityMinimum: 2000, versionPriority: 20 };
const apiService = (parts: JsonObject, name = 'v1.agg.example.com'): JsonObject => ({
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name },
  spec: { ...spec, ...parts },
});
const stored = (parts: JsonObject, more: object = {}): KubeObject =>
  ({ ...apiService(parts), metadata: { name: 'v1.agg.example.com', uid: 'u' }, ...more }) as unknown as KubeObject;
const create = (parts: JsonObject, name?: string) =>
  specification(registry)
    .given([])
    .when({ verb: 'create', kind, body: apiService(parts, name) });

describe('an APIService', () => {
  it('of this server is available from the beginning', () => {
    expect(create({}).accepted.object).toMatchObject({
      status: { conditions: [{ type: 'Available', status: 'True', reason: 'Local' }] },
    });
  });
  it('of another server has the port 443 and no status, whatever was sent', () => {
    const body = { ...apiService({ service }), status: { conditions: [{ type: 'Available', status: 'True' }] } };
    const { accepted } = specification(registry).given([]).when({ verb: 'create', kind, body });
    expect(accepted.object).toMatchObject({ spec: { service: { ...service, port: 443 } }, status: {} });
    expect(accepted.object['status']).toEqual({});
  });
  it.each<[JsonObject, string]>([
    [{ versionPriority: 0 }, 'spec.versionPriority: Invalid value: 0: must be positive and less than 1000'],
    [
      { groupPriorityMinimum: 20001 },
      'spec.groupPriorityMinimum: Invalid value: 20001: must be positive and less than 20000',
    ],
    [{ caBundle: 'QUJD' }, 'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle'],
    [
      { insecureSkipTLSVerify: true },
      'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
    ],
    [{ service: { name: 'api' } }, 'spec.service.namespace: Required value'],
    [
      { service: { ...service, port: 0 } },
      'spec.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive',
    ],
    [
      { service, caBundle: 'QUJD', insecureSkipTLSVerify: true },
      'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present',
    ],
  ])('with %j is refused', (parts, problem) => {
    create(parts).thenRefused(422, `APIService.apiregistration.k8s.io "v1.agg.example.com" is invalid: ${problem}`);
  });
  it('is named after its version and group', () => {
    create({}, 'v1.other').thenRefused(
      422,
      'APIService.apiregistration.k8s.io "v1.other" is invalid: metadata.name: Invalid value: "v1.other": must be `spec.version+"."+spec.group`: "v1.agg.example.com"',
    );
  });
  it('keeps its spec and labels when its status is written, and its status when its spec is', () => {
    const conditions = [{ type: 'Available', status: 'False', reason: 'ServiceNotFound', message: 'm' }];
    const { given } = specification(registry);
    const before = [stored({ service: { ...service, port: 443 } })];
    const status = given(before).when({
      ...{ verb: 'patch', kind, name: 'v1.agg.example.com', subresource: 'status', patchType: 'merge' },
      body: { metadata: { labels: { a: 'b' } }, spec: { versionPriority: 5 }, status: { conditions } },
    });
    const kept = { status: { conditions: [{ reason: 'ServiceNotFound' }] } };
    expect(status.accepted.object).toMatchObject({ spec: { versionPriority: 20 }, ...kept });
    expect(status.accepted.object.metadata.labels).toBeUndefined();
    const main = given([stored({}, { status: { conditions } })]).when({
      ...{ verb: 'patch', kind, name: 'v1.agg.example.com', patchType: 'merge' },
      body: { spec: { versionPriority: 5 }, status: null },
    });
    expect(main.accepted.object).toMatchObject({ spec: { versionPriority: 5 }, ...kept });
  });
});
