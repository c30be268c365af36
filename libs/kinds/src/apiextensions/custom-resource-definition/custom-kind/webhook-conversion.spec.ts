import { describe, expect, it } from '@jest/globals';
import type { HttpsAnswer, KubeObject, HttpsQuestion } from '#model';
import { specification, type Given, type TestCommand } from '#model/testing';
import type { JsonObject } from '#std';
import { add, configuration, decided, patching, requestOf, review, rule } from '../../../admission/webhooks/testing.js';
import { registry } from '../../../index.js';

const SHIPS = 'example.com.ships';
const object = (properties: object) => ({ type: 'object', properties });
const text = { type: 'string' };
const version = (name: string, spec: object, more: object = {}) => ({
  ...{ name, served: true, storage: false, subresources: { status: {} } },
  ...more,
  schema: { openAPIV3Schema: object({ spec: object(spec), status: object({ afloat: { type: 'boolean' } }) }) },
});
const definition = (conversion: object = {}, more: object = {}): KubeObject => ({
  ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
  metadata: { name: 'ships.example.com', uid: 'definition' },
  spec: {
    ...{ group: 'example.com', scope: 'Namespaced', names: NAMES },
    // v1 has one name, v2 two.
    versions: [
      version('v1', { name: text, ...more }),
      version('v2', { first: text, last: { ...text, default: 'x' } }, { storage: true }),
      version('v0', { name: text }, { served: false }),
    ],
    conversion: {
      strategy: 'Webhook',
      webhook: { clientConfig: { url: 'https://convert.test/' }, conversionReviewVersions: ['v1'], ...conversion },
    },
  },
  status: { acceptedNames: NAMES, conditions: [{ type: 'Established', status: 'True' }] },
});
const NAMES = { plural: 'ships', kind: 'Ship', listKind: 'ShipList', singular: 'ship' };
const ship = (apiVersion: string, spec: object, metadata: object = {}): KubeObject => ({
  ...{ apiVersion: `example.com/${apiVersion}`, kind: 'Ship' },
  metadata: { name: 'a', namespace: 'n', uid: 'ship', generation: 1, ...metadata },
  spec,
});
const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n', uid: 'n' } };
const given = (...objects: readonly KubeObject[]): Given =>
  specification(registry).given([namespace, definition(), ...objects]);
const write = (verb: 'create' | 'update' | 'patch' | 'delete', body: unknown, more: object = {}): TestCommand => ({
  ...{ verb, kind: SHIPS, apiVersion: 'example.com/v1', namespace: 'n', name: 'a', body: body as JsonObject },
  ...(verb === 'patch' && { patchType: 'merge' as const }),
  ...more,
});

/** A webhook that converts; `change` is what it does besides. */
const convert =
  (change: (object: JsonObject) => JsonObject = (one) => one) =>
  (question: HttpsQuestion): HttpsAnswer => {
    const { uid, desiredAPIVersion, objects } = requestOf(question);
    const converted = (objects as JsonObject[]).map((one) => {
      const { name, first, last } = one['spec'] as Record<string, string>;
      const [own = '', other = ''] = name?.split(' ') ?? [first, last];
      const spec = desiredAPIVersion === 'example.com/v2' ? { first: own, last: other } : { name: `${own} ${other}` };
      return change({ ...one, apiVersion: desiredAPIVersion as string, spec });
    });
    const result = { status: 'Success' };
    return {
      ...{ is: 'answered', status: 200 },
      body: {
        ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview' },
        response: { uid: uid as string, result, convertedObjects: converted },
      },
    };
  };
const targets = (asked: readonly HttpsQuestion[]): readonly unknown[] =>
  asked.map((question) => requestOf(question)['desiredAPIVersion'] ?? 'admission');

describe('a write of a kind with a conversion webhook', () => {
  it('is stored as the webhook converts it, and says who was asked', () => {
    const { outcome, asked } = decided(given(), write('create', ship('v1', { name: 'anna b' })), convert());
    expect(targets(asked)).toEqual(['example.com/v2']);
    expect(asked[0]).toMatchObject({ to: { url: 'https://convert.test/?timeout=30s' }, timeoutMs: 30_000 });
    outcome.thenEvent('Created', { object: { apiVersion: 'example.com/v2', spec: { first: 'anna', last: 'b' } } });
    expect(outcome.accepted.answers).toEqual([{ from: 'conversion webhook ships.example.com', outcome: 'converted' }]);
  });

  it('changes of what is stored what was changed in the version written, and no more', () => {
    const stored = ship('v2', { first: 'anna', last: 'b' });
    const rename = write('patch', { spec: { name: 'anna c' } });
    const { outcome, asked } = decided(given(stored), rename, convert());
    expect(targets(asked)).toEqual(['example.com/v1', 'example.com/v2']);
    outcome.thenEvent('SpecChanged');
    expect((outcome.accepted.event?.data['set'] as [string[], unknown][])[1]).toEqual([['spec', 'last'], 'c']);
    const label = decided(given(stored), write('patch', { metadata: { labels: { a: 'b' } } }), convert());
    label.outcome.thenEvent('MetadataChanged').thenObject({ metadata: { generation: 1 } });
    const status = decided(
      given(stored),
      write('patch', { status: { afloat: true } }, { subresource: 'status' }),
      convert(),
    );
    status.outcome.thenEvent('StatusReported').thenObject({ apiVersion: 'example.com/v2', status: { afloat: true } });
  });

  it('asks again when what it was asked about is another object by now', () => {
    const rename = write('patch', { spec: { name: 'anna c' } });
    const before = given(ship('v2', { first: 'anna', last: 'b' })).when(rename).questions[0] as HttpsQuestion;
    const moved = given(ship('v2', { first: 'berta', last: 'b' }));
    const outcome = moved.when(rename, undefined, [{ question: before, answer: convert()(before) }]);
    expect(requestOf(outcome.questions[0] as HttpsQuestion)['objects']).toMatchObject([{ spec: { first: 'berta' } }]);
  });

  it('brings what is stored in an older version to the stored one, even if it changes nothing else', () => {
    const { outcome, asked } = decided(given(ship('v1', { name: 'anna b' })), write('patch', {}), convert());
    expect(targets(asked)).toEqual(['example.com/v2']);
    outcome.thenEvent('SpecChanged').thenObject({ apiVersion: 'example.com/v2', spec: { first: 'anna', last: 'b' } });
  });

  it('of a loop speaks the version that the object is stored in, served or not', () => {
    const basis = { loop: 'garbage-collection', key: 'k', view: 1, now: 1 } as never;
    const old = ship('v0', { name: 'anna b' }, { finalizers: ['example.com/x'] });
    const release = write('patch', { metadata: { finalizers: null } }, { apiVersion: 'example.com/v0', basis });
    const { outcome, asked } = decided(given(old), release, convert());
    expect(targets(asked)).toEqual(['example.com/v2']);
    outcome.thenObject({ apiVersion: 'example.com/v2', spec: { first: 'anna', last: 'b' } });
  });

  it('that creates what is there asks nobody', () => {
    given(ship('v2', { first: 'anna', last: 'b' }))
      .when(write('create', ship('v1', { name: 'anna b' })))
      .thenRefused(409, 'ships.example.com "a" already exists');
  });

  it('that deletes asks nobody, and leaves what stays as it was stored', () => {
    const old = ship('v1', { name: 'anna b' }, { finalizers: ['example.com/x'] });
    given(old)
      .when(write('delete', {}, { apiVersion: 'example.com/v2' }))
      .thenEvent('DeletionRequested')
      .thenObject({ apiVersion: 'example.com/v1', spec: { name: 'anna b' } });
    given(ship('v1', { name: 'anna b' }))
      .when(write('delete', {}, { apiVersion: 'example.com/v2' }))
      .thenEvent('Deleted');
  });

  it('is refused when the webhook cannot be asked, or fails', () => {
    const create = write('create', ship('v1', { name: 'anna b' }));
    const failed = decided(given(), create, () => ({ is: 'failed', why: 'EOF' }));
    failed.outcome.thenRefused(
      500,
      'conversion webhook for example.com/v1, Kind=Ship failed: Post "https://convert.test/?timeout=30s": EOF',
    );
    const clientConfig = { service: { namespace: 'n', name: 's' } };
    const unreachable = specification(registry).given([namespace, definition({ clientConfig })]);
    unreachable
      .when(create)
      .thenRefused(
        500,
        'conversion webhook for example.com/v1, Kind=Ship failed: Post "https://s.n.svc:443/?timeout=30s": service "s" not found',
      );
    const gone = given(ship('v3', {})).when(write('patch', {}));
    gone.thenRefused(500, 'request to convert CR from an invalid group/version: example.com/v3');
  });

  it('keeps no field that the stored version has not, whatever the webhook says', () => {
    const odd = convert((one) => ({ ...one, spec: { ...(one['spec'] as JsonObject), odd: '1' }, more: {} }));
    const { outcome } = decided(given(), write('create', ship('v1', { name: 'anna b' })), odd);
    expect(outcome.accepted.object['spec']).toEqual({ first: 'anna', last: 'b' });
    expect(outcome.accepted.object).not.toHaveProperty('more');
  });

  it('is changed by an admission webhook in the version that its rules name', () => {
    const hook = configuration('Mutating', 'c', [rule('ships', '*', 'example.com', 'v2')]);
    const answers = (question: HttpsQuestion): HttpsAnswer => {
      if (question.name.startsWith('conversion')) return convert()(question);
      expect(requestOf(question)['object']).toMatchObject({
        apiVersion: 'example.com/v2',
        spec: { first: 'anna', last: 'b' },
      });
      return review(question, patching(add('/spec/last', 'z')));
    };
    const { outcome, asked } = decided(given().and(hook), write('create', ship('v1', { name: 'anna b' })), answers);
    outcome.thenObject({ apiVersion: 'example.com/v2', spec: { first: 'anna', last: 'z' } });
    // Seen by the webhook, taken back, and stored.
    expect(targets(asked)).toEqual(['example.com/v2', 'admission', 'example.com/v1', 'example.com/v2']);
  });

  it('shows admission what is deleted in the version that its rules name, asking once', () => {
    const hook = configuration('Validating', 'c', [rule('ships', 'DELETE', 'example.com', 'v1')]);
    const answers = (question: HttpsQuestion): HttpsAnswer => {
      if (question.name.startsWith('conversion')) return convert()(question);
      expect(requestOf(question)['oldObject']).toMatchObject({
        apiVersion: 'example.com/v1',
        spec: { name: 'anna b' },
      });
      return review(question, {});
    };
    const stored = given(ship('v2', { first: 'anna', last: 'b' })).and(hook);
    const { outcome, asked } = decided(stored, write('delete', {}, { apiVersion: 'example.com/v2' }), answers);
    outcome.thenEvent('Deleted');
    expect(targets(asked)).toEqual(['example.com/v1', 'admission']);
  });
});
