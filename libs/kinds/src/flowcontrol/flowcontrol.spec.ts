import { describe, expect, it } from '@jest/globals';
import { specification } from '#model/testing';
import type { JsonObject } from '#std';
import { registry } from '../index.js';

const { given } = specification(registry);
const GROUP = 'flowcontrol.apiserver.k8s.io';
const write = (plural: string, name: string, spec: JsonObject) =>
  given([]).when({ verb: 'create', kind: `${GROUP}.${plural}`, body: { metadata: { name }, spec } });
const level = (spec: JsonObject, name = 'own') => write('prioritylevelconfigurations', name, spec);
const schema = (spec: JsonObject, name = 'own') => write('flowschemas', name, spec);
/** What a refusal says behind the name of the object. */
const problems = ({ refusal }: { readonly refusal: { readonly message: string } }): string =>
  refusal.message.replace(/^.* is invalid: /, '');
const queue = (queuing: JsonObject): JsonObject => ({
  type: 'Limited',
  limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Queue', queuing } },
});

describe('a priority level', () => {
  it('gets the shares and queues that nothing is said of', () => {
    const { accepted } = level({
      type: 'Limited',
      limited: { limitResponse: { type: 'Queue', queuing: { queues: 0 } } },
    });
    expect(accepted.object).toMatchObject({
      metadata: { generation: 1 },
      spec: {
        limited: {
          nominalConcurrencyShares: 30,
          lendablePercent: 0,
          limitResponse: { queuing: { queues: 64, handSize: 8, queueLengthLimit: 50 } },
        },
      },
      status: {},
    });
  });

  it('is of one of two types, and Exempt under one name alone', () => {
    expect(problems(level({}))).toBe('spec.type: Unsupported value: "": supported values: "Exempt", "Limited"');
    expect(problems(level({ type: 'Limited' }))).toBe(
      'spec.limited: Required value: must not be empty when type is Limited',
    );
    expect(problems(level({ type: 'Exempt', limited: {} }))).toBe(
      "[spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt', spec.limited: Forbidden: must be nil if the type is not Limited]",
    );
    expect(level({ type: 'Exempt', exempt: { lendablePercent: 5 } }, 'exempt').accepted.object).toMatchObject({
      spec: { exempt: { nominalConcurrencyShares: 0, lendablePercent: 5 } },
    });
  });

  it.each<[JsonObject, string]>([
    [
      { queues: -1, handSize: 4, queueLengthLimit: 5 },
      '[…queues: Invalid value: -1: must be positive, …handSize: Invalid value: 4: should not be greater than queues (-1)]',
    ],
    [{ queues: 1, handSize: -1 }, '…handSize: Invalid value: -1: must be positive'],
    [{ queues: 10_000_001, handSize: 1 }, '…queues: Invalid value: 10000001: must not be greater than 10000000'],
    [
      { queues: 1024, handSize: 8 },
      '…handSize: Invalid value: 8: required entropy bits of deckSize 1024 and handSize 8 should not be greater than 60',
    ],
    [{ queues: 1, handSize: 1, queueLengthLimit: -1 }, '…queueLengthLimit: Invalid value: -1: must be positive'],
  ])('refuses queues that cannot be: %j', (queuing, message) => {
    expect(problems(level(queue(queuing))).replaceAll('spec.limited.limitResponse.queuing.', '…')).toBe(message);
  });

  it('named catch-all is what it is in every cluster', () => {
    const limited = { nominalConcurrencyShares: 9, lendablePercent: 0, limitResponse: { type: 'Reject' } };
    expect(problems(level({ type: 'Limited', limited }, 'catch-all'))).toBe(
      `spec: Invalid value: {"Type":"Limited","Limited":{"NominalConcurrencyShares":9,"LimitResponse":{"Type":"Reject","Queuing":null},"LendablePercent":0,"BorrowingLimitPercent":null},"Exempt":null}: spec of 'catch-all' must equal the fixed value`,
    );
    const same = { type: 'Limited', limited: { ...limited, nominalConcurrencyShares: 5 } };
    expect(level(same, 'catch-all').accepted.object.metadata.name).toBe('catch-all');
  });
});

describe('a flow schema', () => {
  const priorityLevelConfiguration = { name: 'workload-low' };
  const rule = (more: JsonObject): JsonObject => ({
    priorityLevelConfiguration,
    rules: [{ subjects: [{ kind: 'User', user: { name: 'jane' } }], ...more }],
  });
  const reads = { verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['*'] };

  it('and a level may have a name that every JavaScript object knows', () => {
    expect(schema({ priorityLevelConfiguration }, 'constructor').accepted.object.metadata.name).toBe('constructor');
    const limited = { limitResponse: { type: 'Reject' } };
    expect(level({ type: 'Limited', limited }, 'constructor').accepted.object.metadata.name).toBe('constructor');
  });

  it('comes after nine hundred and ninety-nine others where nothing is said', () => {
    expect(schema({ priorityLevelConfiguration }).accepted.object).toMatchObject({
      spec: { matchingPrecedence: 1000 },
    });
  });

  it.each<[JsonObject, string]>([
    [{}, 'spec.priorityLevelConfiguration.name: Required value: must reference a priority level'],
    [
      { priorityLevelConfiguration, matchingPrecedence: 10_001 },
      'spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000',
    ],
    [
      { priorityLevelConfiguration, matchingPrecedence: 1 },
      "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
    ],
    [
      { priorityLevelConfiguration, distinguisherMethod: { type: 'ByNamespacex' } },
      'spec.distinguisherMethod.type: Unsupported value: {"Type":"ByNamespacex"}: supported values: "ByNamespace", "ByUser"',
    ],
    [
      rule({ resourceRules: [{ ...reads, verbs: ['get', 'listx'] }] }),
      'spec.rules[0].resourceRules[0].verbs: Unsupported value: ["get","listx"]: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"',
    ],
    [rule({}), 'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty'],
    [
      rule({ resourceRules: [reads], subjects: [{ kind: 'Group', user: { name: 'a' } }] }),
      "[spec.rules[0].subjects[0].group: Required value: group is required when subject kind is 'Group', spec.rules[0].subjects[0].user: Forbidden: user is forbidden when subject kind is not 'User']",
    ],
  ])('is refused with the reason: %j', (spec, message) => {
    expect(problems(schema(spec))).toBe(message);
  });

  it('named exempt or catch-all is what it is in every cluster', () => {
    expect(problems(schema({ priorityLevelConfiguration }, 'exempt'))).toContain(
      `spec: Invalid value: {"PriorityLevelConfiguration":{"Name":"workload-low"},"MatchingPrecedence":1000,"DistinguisherMethod":null,"Rules":null}: spec of 'exempt' must equal the fixed value`,
    );
  });
});
