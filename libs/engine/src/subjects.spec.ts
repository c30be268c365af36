import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MEASUREMENT_BYTES_MAX, type Command } from '#model';
import {
  agentPermissions,
  appPermissions,
  BUS_APPS,
  busRules,
  nodeOfSubject,
  subjects,
  subjectToken,
  tokenText,
} from './subjects.js';

describe('subjects', () => {
  it('gives any text one token and back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const token = subjectToken(text);
        expect(token).not.toMatch(/[.*>\s]/);
        expect(token).not.toBe('');
        expect(tokenText(token)).toBe(text);
      }),
    );
  });

  it('never gives two texts one token', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(subjectToken(a) === subjectToken(b)).toBe(a === b);
      }),
    );
  });

  it('names events by the object they happened to', () => {
    expect(subjects.event('apps.deployments', 'default', 'web', 'DeploymentScaled')).toBe(
      'events.apps.deployments.default.web.DeploymentScaled',
    );
    expect(subjects.event('networking.k8s.io.ingresses', 'a', 'b.example', 'Created')).toBe(
      'events.networking%2Ek8s%2Eio.ingresses.a.b%2Eexample.Created',
    );
    expect(subjects.event('core.nodes', undefined, 'n1.example', 'Created')).toBe(
      'events.core.nodes._.n1%2Eexample.Created',
    );
  });

  it('names commands, nodes and reports', () => {
    expect(subjects.command('api', { kind: 'core.pods', namespace: 'default', name: '', verb: 'create' })).toBe(
      'command.api.core.pods.default._.create',
    );
    const pod = { kind: 'core.pods', namespace: 'default', name: 'web', verb: 'create' } as const;
    const together = (...others: Partial<Command>[]): string =>
      subjects.commandsTogether('api', [pod, ...others.map((other) => ({ ...pod, ...other }))]);
    expect(together()).toBe('command.api.core.pods.default.web.create');
    expect(together({ name: 'db' })).toBe('command.api.core.pods.default._.create');
    expect(together({ namespace: 'x.y' }, { kind: 'core.events', verb: 'patch' })).toBe('command.api._._._.web._');
    expect(nodeOfSubject(subjects.report('n1.example', 'sync'))).toBe('n1.example');
  });

  it('keeps an agent to its own node', () => {
    expect(agentPermissions('n1')).toEqual({
      publish: ['report.n1.>', 'heartbeat.n1', 'measure.n1', 'stream.n1.>'],
      subscribe: ['node.n1.>', 'shared.change', 'stream.n1.>'],
      inbox: 'node.n1.inbox',
    });
  });

  it('lets the scaler alone hear what agents measure', () => {
    expect(nodeOfSubject(subjects.measurements('n1.example'))).toBe('n1.example');
    const hearing = BUS_APPS.filter((app) => appPermissions([app]).subscribe.includes(subjects.allMeasurements));
    expect(hearing).toEqual(['scaler']);
    expect(appPermissions(['scaler']).publish).toContain(subjects.keySample('*').replace('%2A', '*'));
    expect(busRules(subjects.measurements('n1')).bytesMax).toBe(MEASUREMENT_BYTES_MAX);
  });

  it('gives a process the sum of its apps and an inbox of its own', () => {
    const both = appPermissions(['scheduler', 'feed'], 'standalone');
    expect(both.subscribe).toEqual(['inbox.standalone.>', 'query.feed.>', 'query.scheduler.>']);
    expect(both.publish).toEqual(['command.scheduler.>', 'events.>']);
  });
});
