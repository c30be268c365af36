import { describe, expect, it } from '@jest/globals';
import { dns1035Label, dns1123Label, dns1123Subdomain, pathSegment } from './names.js';
import { validateFieldManager } from './managed-fields-rules.js';
import { validateMeta, validateMetaUpdate } from './object-meta.js';

const rules = { namespaced: true, nameRule: dns1123Subdomain };
const fine = { name: 'a', namespace: 'default' };

describe('metadata of a new object', () => {
  it('accepts the usual', () => {
    expect(
      validateMeta(
        {
          ...fine,
          generateName: 'gen-',
          labels: { 'example.com/x': '', app: 'a' },
          annotations: { 'Example.com/Any': 'any text' },
          finalizers: ['kubernetes', 'example.com/x'],
          ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }],
        },
        rules,
      ),
    ).toEqual([]);
  });
  it('asks for a name and forbids a namespace where there is none', () => {
    expect(validateMeta({ namespace: 'x' }, { ...rules, namespaced: false })).toEqual([
      { type: 'Required', field: 'metadata.name', detail: 'name or generateName is required' },
      { type: 'Forbidden', field: 'metadata.namespace', detail: 'not allowed on this type' },
    ]);
  });
  it('names each thing that is wrong with a key', () => {
    const problems = validateMeta({ ...fine, labels: { '': 'v' } }, rules);
    expect(problems.map((p) => p.detail.slice(0, 26))).toEqual([
      'name part must be non-empty'.slice(0, 26),
      'name part must consist of ',
    ]);
    expect(problems.every((p) => p.field === 'metadata.labels')).toBe(true);
  });
  it('knows the finalizers that need no domain', () => {
    expect(validateMeta({ ...fine, finalizers: ['plain'] }, rules)).toEqual([
      {
        type: 'Invalid',
        field: 'metadata.finalizers[0]',
        value: 'plain',
        detail: 'name is neither a standard finalizer name nor is it fully qualified',
      },
    ]);
  });
  it('allows one controller', () => {
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true };
    const problems = validateMeta({ ...fine, ownerReferences: [owner, { ...owner, name: 'q', uid: 'w' }] }, rules);
    expect(problems[0]?.detail).toBe(
      'Only one reference can have Controller set to true. Found "true" in references for Pod/p and Pod/q',
    );
  });
  it('counts the bytes of annotations', () => {
    expect(validateMeta({ ...fine, annotations: { big: 'x'.repeat(262144) } }, rules)).toEqual([
      { type: 'TooLong', field: 'metadata.annotations', detail: 'may not be more than 262144 bytes' },
    ]);
  });
});

describe('a change of metadata', () => {
  it('may not touch what identifies the object', () => {
    const problems = validateMetaUpdate({ ...fine, uid: 'b' }, { ...fine, uid: 'a' });
    expect(problems).toEqual([{ type: 'Invalid', field: 'metadata.uid', value: 'b', detail: 'field is immutable' }]);
  });
  it('adds no finalizer to an object that is going', () => {
    const going = { ...fine, deletionTimestamp: '2026-01-01T00:00:00Z' };
    const [problem] = validateMetaUpdate({ ...going, finalizers: ['example.com/late'] }, going);
    expect(problem?.detail).toBe(
      'no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/late"}',
    );
  });
});

describe('names', () => {
  it('follow the rule of the kind', () => {
    expect(dns1123Label('a.b')).toEqual(['must not contain dots']);
    expect(dns1123Label('x'.repeat(64))).toEqual(['must be no more than 63 characters']);
    expect(dns1035Label('1a')).toHaveLength(1);
    expect(pathSegment('a/b%c')).toEqual(["may not contain '/'", "may not contain '%'"]);
  });
  it('a field manager is printable', () => {
    expect(validateFieldManager('a\tb', 'fieldManager')[0]?.detail).toBe('invalid character U+0009 (at position 1)');
    expect(validateFieldManager('m'.repeat(129), 'fieldManager')[0]?.type).toBe('TooLong');
  });
});
