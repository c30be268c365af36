import { describe, expect, it } from '@jest/globals';
import { Projection, WRITER_STREAM } from '#engine';
import { CREATED, foldEvent, streamOf, type KubeObject, type StoredEvent } from '#model';
import type { Json, JsonObject } from '#std';
import { clearText, differing, leftInNamespaces, lostWrites, wrongAddresses, wrongSlices } from './end-checks.js';

const SECRET = 'only-for-eyes';

/** A log written by hand, and what it folds to. */
class Log {
  readonly events: StoredEvent[] = [];
  add(stream: string, type: string, data: JsonObject, epoch = 1): this {
    const position = this.events.length + 1;
    const revision = this.events.filter((event) => event.stream === stream).length;
    const metadata = { epoch, actor: 'test', via: 'test', correlationId: 'test', schemaVersion: 1 };
    this.events.push({
      id: String(position),
      type,
      stream,
      revision,
      position,
      time: '2026-01-01T00:00:00.000Z',
      data,
      metadata,
    });
    return this;
  }
  put(kind: string, object: object, epoch?: number): this {
    const { namespace, name } = (object as KubeObject).metadata;
    return this.add(streamOf(kind, namespace, name), CREATED, { object: object as unknown as Json }, epoch);
  }
  view(): Projection {
    const view = new Projection(foldEvent);
    for (const event of this.events) view.apply(event);
    return view;
  }
}
const named = (kind: string, name: string, more: object = {}, meta: object = {}): object => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, uid: name, ...meta },
  ...more,
});
const inDefault = { namespace: 'default' };

describe('the checkers of the end find', () => {
  it('a write that is not in the log, and one that a later writer made void', () => {
    const log = new Log()
      .put('core.configmaps', named('ConfigMap', 'a', {}, inDefault))
      .add(WRITER_STREAM, 'WriterElected', { epoch: 2 }, 2);
    log.put('core.configmaps', named('ConfigMap', 'b', {}, inDefault));
    const promised = ['a', 'b', 'c'].map((name, i) => ({
      position: [1, 3, 9][i] ?? 0,
      changed: true,
      what: name,
      stream: `core.configmaps/default/${name}`,
    }));
    expect(lostWrites(log.events, promised, WRITER_STREAM)).toEqual(['b at position 3', 'c at position 9']);
    expect(
      lostWrites(
        log.events,
        [{ position: 1, changed: true, what: 'x', stream: 'core.configmaps/default/x' }],
        WRITER_STREAM,
      ),
    ).toHaveLength(1);
  });

  it('a namespace that does not end, and what is left of one that did', () => {
    const log = new Log().put(
      'core.namespaces',
      named('Namespace', 'going', {}, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    );
    log.put('core.configmaps', named('ConfigMap', 'left', {}, { namespace: 'gone' }));
    const view = log.view();
    expect(leftInNamespaces(view, view.entries())).toEqual([
      'namespace going is still being deleted',
      'core.configmaps/gone/left outlived its namespace',
    ]);
  });

  it('a ready pod that no slice lists, and one that is listed but not ready', () => {
    const pod = (name: string, ready: string, ip: string): object => ({
      ...named('Pod', name, {}, { ...inDefault, labels: { app: 'web' } }),
      spec: { containers: [] },
      status: { phase: 'Running', podIP: ip, conditions: [{ type: 'Ready', status: ready }] },
    });
    const log = new Log().put(
      'core.services',
      named('Service', 'web', { spec: { selector: { app: 'web' } } }, inDefault),
    );
    log.put('core.pods', pod('a', 'True', '10.0.0.1')).put('core.pods', pod('b', 'False', '10.0.0.2'));
    const endpoints = [{ addresses: ['10.0.0.2'], conditions: { ready: true }, targetRef: { kind: 'Pod', name: 'b' } }];
    const owned = { ...inDefault, ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: 'web', uid: 'web' }] };
    log.put(
      'discovery.k8s.io.endpointslices',
      named('EndpointSlice', 'web-1', { addressType: 'IPv4', endpoints }, owned),
    );
    expect(wrongSlices(log.view())).toEqual(['default/web lists [b 10.0.0.2], ready are [a 10.0.0.1]']);
  });

  it('an address that two services hold, one without its object, one of nobody, and a range that nobody looks after', () => {
    const service = (name: string, ip: string) =>
      named('Service', name, { spec: { clusterIPs: [ip], ports: [] } }, inDefault);
    const address = (ip: string, name: string) =>
      named(
        'IPAddress',
        ip,
        { spec: { parentRef: { resource: 'services', namespace: 'default', name } } },
        { labels: { 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' } },
      );
    const log = new Log();
    log.put('core.services', service('a', '10.96.0.7')).put('core.services', service('b', '10.96.0.07'));
    log.put('core.services', service('c', '10.96.0.8'));
    log.put('networking.k8s.io.ipaddresses', address('10.96.0.7', 'b'));
    log.put('networking.k8s.io.ipaddresses', address('10.96.0.9', 'gone'));
    log.put('networking.k8s.io.servicecidrs', named('ServiceCIDR', 'r', { spec: { cidrs: ['10.96.0.0/16'] } }));
    expect(wrongAddresses(log.view())).toEqual([
      'default/a and default/b hold 10.96.0.7',
      'IPAddress 10.96.0.9 says default/gone, held by nobody',
      '10.96.0.8 of default/c has no IPAddress',
      'ServiceCIDR r is not ready',
    ]);
  });

  it('a secret, clear or as base64, and none in what is sealed', () => {
    const log = new Log().put('core.secrets', named('Secret', 'a', { stringData: { p: `${SECRET}-1` } }, inDefault));
    log.put(
      'core.secrets',
      named('Secret', 'b', { data: { p: Buffer.from(`${SECRET}-1`).toString('base64') } }, inDefault),
    );
    log.put('core.secrets', named('Secret', 'c', { data: { $sealed: 'c:0011' } }, inDefault));
    expect(clearText(log.events, SECRET)).toEqual([
      'core.secrets/default/a at position 1',
      'core.secrets/default/b at position 2',
    ]);
  });

  it('a stream that one folding has and the other has not', () => {
    const log = new Log().put('core.configmaps', named('ConfigMap', 'a', {}, inDefault));
    const before = log.view();
    const after = log.put('core.configmaps', named('ConfigMap', 'b', {}, inDefault)).view();
    expect(differing(after.entries(), after.entries())).toEqual([]);
    expect(differing(before.entries(), after.entries())).toEqual(['core.configmaps/default/b']);
  });
});
