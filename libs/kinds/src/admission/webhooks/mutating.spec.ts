import { describe, expect, it } from '@jest/globals';
import { type HttpsAnswer, type KubeObject, type HttpsQuestion } from '#model';
import { type TestCommand } from '#model/testing';
import {
  add,
  allow,
  configMap,
  configuration,
  decided,
  home,
  names,
  patching,
  requestOf,
  review,
  rule,
} from './testing.js';

describe('a mutating webhook', () => {
  const given = home(configuration('Mutating', 'm', [rule('configmaps')]));
  it('changes the object before it is validated, and its patch is recorded', () => {
    const patch = add('/data/b', '2');
    const { outcome } = decided(given, configMap(), (question) => review(question, patching(patch)));
    outcome.thenObject({ data: { a: '1', b: '2' } });
    expect(outcome.accepted.answers).toEqual([
      { from: 'mutating webhook m/a.hooks.test', outcome: 'allowed', patch: [patch] },
    ]);
    expect(outcome.accepted.auditAnnotations).toEqual({
      'mutation.webhook.admission.k8s.io/round_0_index_0':
        '{"configuration":"m","webhook":"a.hooks.test","mutated":true}',
    });
    const bad = decided(given, configMap(), (question) => review(question, patching(add('/data/not a key!', '2'))));
    expect(bad.outcome.refusal.code).toBe(422);
  });
  it('does not see what the server gives, and cannot change it', () => {
    const generated: TestCommand = { ...configMap(), name: '', body: { metadata: { generateName: 'x-' } } };
    const { outcome, asked } = decided(given, generated, (question) =>
      review(
        question,
        patching(
          add('/metadata/uid', 'mine'),
          add('/metadata/namespace', 'other'),
          add('/metadata/labels', { l: 'm' }),
        ),
      ),
    );
    const { metadata } = requestOf(asked[0] as HttpsQuestion)['object'] as unknown as KubeObject;
    for (const field of ['name', 'uid', 'creationTimestamp']) expect(metadata).not.toHaveProperty(field);
    expect(requestOf(asked[0] as HttpsQuestion)).not.toHaveProperty('name');
    outcome.thenObject({ metadata: { namespace: 'n', labels: { l: 'm' } } });
    expect(outcome.accepted.object.metadata.uid).not.toBe('mine');
    expect(outcome.accepted.object.metadata.name).toMatch(/^x-/);
  });
  it.each([
    [{ patch: btoa('[]') }, 'webhook returned response.patch but not response.patchType'],
    [{ patchType: 'JSONPatch' }, 'webhook returned response.patchType but not response.patch'],
    [{ patch: btoa('[]'), patchType: 'Merge' }, 'webhook returned invalid response.patchType of "Merge"'],
  ])('must say what its patch is: %j', (response, why) => {
    const { outcome } = decided(given, configMap(), (question) => review(question, response));
    expect(outcome.refusal.message).toBe(
      `Internal error occurred: failed calling webhook "a.hooks.test": received invalid webhook response: ${why}`,
    );
  });
  it.each([
    'no base64!',
    btoa('no json'),
    btoa('[{"op":"remove","path":"/none"}]'),
    btoa('['.repeat(5000) + ']'.repeat(5000)),
  ])('whose patch cannot be applied (%#) refuses with an internal error', (patch) => {
    const { outcome } = decided(given, configMap(), (question) => review(question, { patch, patchType: 'JSONPatch' }));
    expect(outcome.refusal.code).toBe(500);
  });
  it('sees what those before it made of the object', () => {
    const two = home(
      configuration('Mutating', 'b', [{ ...rule('configmaps'), name: 'second.hooks.test' }]),
      configuration('Mutating', 'a', [{ ...rule('configmaps'), name: 'first.hooks.test' }]),
    );
    const { outcome, asked } = decided(two, configMap(), (question) =>
      review(question, question.name.includes('first') ? patching(add('/data/b', '2')) : {}),
    );
    expect(names(asked)).toEqual(['mutating webhook a/first.hooks.test', 'mutating webhook b/second.hooks.test']);
    expect(requestOf(asked[1] as HttpsQuestion)['object']).toMatchObject({ data: { a: '1', b: '2' } });
    outcome.thenObject({ data: { b: '2' } });
  });
  it('is asked again when another changed the object after it, if it wants to', () => {
    const hooks = (reinvocationPolicy: string) =>
      home(
        configuration('Mutating', 'a', [{ ...rule('configmaps'), name: 'first.hooks.test', reinvocationPolicy }]),
        configuration('Mutating', 'b', [{ ...rule('configmaps'), name: 'second.hooks.test' }]),
      );
    const script = (question: HttpsQuestion): HttpsAnswer =>
      review(question, question.name.includes('second') ? patching(add('/data/b', '2')) : {});
    const both = ['mutating webhook a/first.hooks.test', 'mutating webhook b/second.hooks.test'];
    expect(names(decided(hooks('Never'), configMap(), script).asked)).toEqual(both);
    expect(names(decided(hooks('IfNeeded'), configMap(), script).asked)).toEqual([...both, `${both[0]} again`]);
    expect(names(decided(hooks('IfNeeded'), configMap(), allow).asked)).toEqual(both);
  });
  it('has the other plugins look again at what it changed', () => {
    const pods = home(
      { verb: 'create', kind: 'core.serviceaccounts', namespace: 'n', body: { metadata: { name: 'other' } } },
      configuration('Mutating', 'm', [rule('pods', 'CREATE')]),
    );
    const pod: TestCommand = {
      ...{ verb: 'create', kind: 'core.pods', namespace: 'n', name: 'p' },
      body: { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    };
    const sidecar = { name: 's', image: 'i' };
    const { outcome } = decided(pods, pod, (question) =>
      review(question, patching(add('/spec/containers/-', sidecar))),
    );
    const { containers } = outcome.accepted.object['spec'] as unknown as { containers: { volumeMounts?: unknown[] }[] };
    // The second container has the token as well, and every default.
    expect(containers[1]).toMatchObject({ volumeMounts: [{}], terminationMessagePath: '/dev/termination-log' });
  });
  it('does not put values of a Secret into the log', () => {
    const secrets = home(configuration('Mutating', 'm', [rule('secrets')]));
    const secret: TestCommand = {
      ...{ verb: 'create', kind: 'core.secrets', namespace: 'n', name: 's' },
      body: { metadata: { name: 's' }, data: { a: btoa('1') } },
    };
    const { outcome } = decided(secrets, secret, (question) =>
      review(question, patching(add('/data/b', btoa('hidden')))),
    );
    expect(outcome.accepted.answers).toEqual([
      { from: 'mutating webhook m/a.hooks.test', outcome: 'allowed', isCut: true },
    ]);
  });
  it('is reached by a service at its endpoints, or is not there', () => {
    const service = (port?: number) => ({
      clientConfig: {
        service: { namespace: 'n', name: 'hook', path: '/mutate', ...(port && { port }) },
        caBundle: btoa('-----BEGIN CERTIFICATE-----'),
      },
    });
    const objects: readonly TestCommand[] = [
      {
        verb: 'create',
        kind: 'core.services',
        namespace: 'n',
        body: { metadata: { name: 'hook' }, spec: { ports: [{ port: 443 }] } },
      },
      {
        ...{ verb: 'create', kind: 'discovery.k8s.io.endpointslices', namespace: 'n' },
        body: {
          metadata: { name: 's', labels: { 'kubernetes.io/service-name': 'hook' } },
          addressType: 'IPv4',
          endpoints: [{ addresses: ['10.1.1.1'] }],
          ports: [{ port: 9443 }],
        },
      },
    ];
    const hooked = home(...objects, configuration('Mutating', 'm', [{ ...rule('configmaps'), ...service() }]));
    expect((hooked.when(configMap()).questions[0] as HttpsQuestion).to).toMatchObject({
      url: 'https://hook.n.svc:443/mutate?timeout=10s',
      addresses: [{ host: '10.1.1.1', port: 9443 }],
      serverName: 'hook.n.svc',
      caBundle: btoa('-----BEGIN CERTIFICATE-----'),
    });
    home(configuration('Mutating', 'm', [{ ...rule('configmaps'), ...service(8443) }]))
      .when(configMap())
      .thenRefused(
        500,
        'Internal error occurred: failed calling webhook "a.hooks.test": failed to call webhook: ' +
          'Post "https://hook.n.svc:8443/mutate?timeout=10s": service "hook" not found',
      );
  });
});
