import { describe, it } from '@jest/globals';
import { specification, TEST_NOW, type TestCommand } from '#model/testing';
import { registry } from '../../index.js';

const { given } = specification(registry);
const incident = (parts: object = {}, uid = 'uid-of-the-incident'): TestCommand => ({
  verb: 'create',
  kind: 'core.events',
  namespace: 'n',
  name: 'p',
  uid,
  event: { type: 'IncidentRecorded' },
  body: {
    metadata: { name: 'p' },
    involvedObject: { kind: 'Pod', namespace: 'n', name: 'p' },
    reason: 'Pulled',
    message: 'the image is there',
    type: 'Normal',
    ...parts,
  },
});
const home = () => given().and({ verb: 'create', kind: 'core.namespaces', body: { metadata: { name: 'n' } } });

describe('an incident', () => {
  it('is an Event when it first happens', () => {
    home()
      .when(incident())
      .thenEvent('IncidentRecorded')
      .thenObject({ count: 1, firstTimestamp: '2026-01-01T12:00:00Z' });
  });
  it('says the newest when it comes in other words', () => {
    home()
      .and(incident({ message: 'refused at 1' }))
      .when(incident({ message: 'refused at 2' }))
      .thenEvent('IncidentRecorded', {
        set: [
          [['count'], 2],
          [['lastTimestamp'], '2026-01-01T12:00:00Z'],
          [['message'], 'refused at 2'],
        ],
      })
      .thenObject({ message: 'refused at 2', count: 2 });
  });
  it('is named for the moment, so that a list tells the story in order', () => {
    const named = (nanoseconds: bigint): string => `p.${nanoseconds.toString(16)}`;
    const now = BigInt(TEST_NOW) * 1_000_000n;
    home()
      .when(incident())
      .thenObject({ metadata: { name: named(now) } });
    home()
      .and(incident())
      .when(incident({ reason: 'Created' }, 'another'))
      .thenObject({ metadata: { name: named(now + 1n) } });
    home()
      .and(incident())
      .when(incident({ reason: 'Started' }, 'another'), TEST_NOW + 1)
      .thenObject({ metadata: { name: named(now + 1_000_000n) } });
  });
  it('only counts when it happens again', () => {
    home()
      .and(incident())
      .when(incident(), TEST_NOW + 60_000)
      .thenEvent('IncidentRecorded', {
        set: [
          [['count'], 2],
          [['lastTimestamp'], '2026-01-01T12:01:00Z'],
        ],
      })
      .thenObject({ firstTimestamp: '2026-01-01T12:00:00Z' });
    home()
      .and(incident())
      .when(incident({ count: 8 }))
      .thenObject({ count: 8 });
  });
});

describe('an Event', () => {
  const event: TestCommand = {
    verb: 'create',
    kind: 'core.events',
    namespace: 'n',
    apiVersion: 'events.k8s.io/v1',
    body: {
      metadata: { name: 'e' },
      regarding: { kind: 'Pod', namespace: 'n', name: 'p' },
      note: 'a note',
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'example.com/c',
      reportingInstance: 'i',
      action: 'Look',
      reason: 'Why',
      type: 'Normal',
    },
  };
  it('of events.k8s.io is stored as one of the core', () => {
    home()
      .when(event)
      .thenEvent('Created')
      .thenObject({ apiVersion: 'v1', message: 'a note', involvedObject: { name: 'p' } });
  });
  it('must be about an object of its own namespace', () => {
    const elsewhere = { metadata: { name: 'e' }, involvedObject: { namespace: 'other' } };
    home().when({ verb: 'create', kind: 'core.events', namespace: 'n', body: elsewhere }).thenRefused(422);
  });
});
