import { describe, expect, it } from '@jest/globals';
import { covers, type AccessAttributes, type PolicyRule } from './access.js';

const asked = (parts: Partial<AccessAttributes>): AccessAttributes => ({
  verb: 'get',
  isResource: true,
  path: '',
  group: '',
  version: 'v1',
  namespace: 'n',
  resource: 'pods',
  subresource: '',
  name: '',
  ...parts,
});
const rule = (parts: Partial<PolicyRule>): PolicyRule => ({
  verbs: ['get'],
  apiGroups: [''],
  resources: ['pods'],
  ...parts,
});
const path = (one: string): AccessAttributes => asked({ isResource: false, resource: '', path: one });

describe('a rule', () => {
  it.each<[string, Partial<PolicyRule>, Partial<AccessAttributes>, boolean]>([
    ['its verb, group and resource', {}, {}, true],
    ['another verb', {}, { verb: 'list' }, false],
    ['all verbs', { verbs: ['*'] }, { verb: 'sing' }, true],
    ['another group', {}, { group: 'apps' }, false],
    ['all groups', { apiGroups: ['*'] }, { group: 'apps' }, true],
    ['* asked of one group', {}, { group: '*' }, false],
    ['a part of its resource', {}, { subresource: 'log' }, false],
    ['that part', { resources: ['pods/log'] }, { subresource: 'log' }, true],
    ['that part, asked as a resource', { resources: ['pods/log'] }, { resource: 'pods/log' }, true],
    ['a part of any resource', { resources: ['*/log'] }, { subresource: 'log' }, true],
    ['a part of any resource, the whole', { resources: ['*/log'] }, {}, false],
    ['all resources and their parts', { resources: ['*'] }, { resource: 'x', subresource: 'y' }, true],
    ['its name', { resourceNames: ['a'] }, { name: 'a' }, true],
    ['another name', { resourceNames: ['a'] }, { name: 'b' }, false],
    ['a name, asked without', { resourceNames: ['a'] }, {}, false],
    ['any name', {}, { name: 'b' }, true],
  ])('%s', (_title, given, wanted, is) => {
    expect(covers(rule(given), asked(wanted))).toBe(is);
  });
  it('covers paths whole, or by their beginning', () => {
    const urls = { verbs: ['get'], nonResourceURLs: ['/version', '/api/*'] };
    expect(['/version', '/version/', '/api', '/api/v1'].map((one) => covers(urls, path(one)))).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(covers({ verbs: ['*'], nonResourceURLs: ['*'] }, path('/anything'))).toBe(true);
    expect(covers({ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, path('/anything'))).toBe(false);
    expect(covers({ verbs: ['*'], nonResourceURLs: ['*'] }, asked({}))).toBe(false);
  });
});
