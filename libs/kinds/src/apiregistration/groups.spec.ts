import { describe, expect, it } from '@jest/globals';
import { builtinKinds } from '../builtin.js';
import {
  apiGroups,
  compareVersions,
  localPriority,
  CUSTOM_PRIORITY,
  AGGREGATOR_GROUP,
  type ApiService,
} from './index.js';

const service = { namespace: 'n', name: 's', port: 443 };
const apiService = (name: string, group: number, version: number, isRemote = true): ApiService => {
  const [v = '', ...rest] = name.split('.');
  const spec = { group: rest.join('.'), version: v, groupPriorityMinimum: group, versionPriority: version };
  return {
    ...{ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name, uid: name } },
    spec: { ...spec, ...(isRemote && { service }) },
  };
};

describe('versions', () => {
  it('are in the order of Kubernetes', () => {
    const sorted = ['v10', 'v2', 'v1', 'v11beta2', 'v10beta3', 'v3beta1', 'v12alpha1', 'v11alpha2', 'foo1', 'foo10'];
    expect([...sorted].sort().sort((a, b) => compareVersions(b, a))).toEqual(sorted);
  });
});

describe('the groups of the API', () => {
  it('are in the order of their priorities, with versions by priority, then by name', () => {
    const local = [
      { group: 'apps', versions: ['v1'] },
      { group: 'example.com', versions: ['v1beta1', 'v1', 'v10'] },
      { group: AGGREGATOR_GROUP, versions: ['v1'] },
      { group: 'batch', versions: ['v1'] },
    ];
    const groups = apiGroups(local, [
      apiService('v1.first.example.com', 20_000, 1),
      apiService('v2.first.example.com', 100, 1),
      apiService('v1alpha1.first.example.com', 100, 5),
      apiService('v1.batch', 17_900, 1, false),
    ]);
    expect(groups.map(({ group, versions }) => [group, versions.map(({ version }) => version).join()])).toEqual([
      [AGGREGATOR_GROUP, 'v1'],
      ['first.example.com', 'v1alpha1,v2,v1'],
      ['batch', 'v1'],
      ['apps', 'v1'],
      ['example.com', 'v10,v1,v1beta1'],
    ]);
  });

  it('are never forwarded where this server has the group version, and vanish with a local APIService alone', () => {
    const groups = apiGroups(
      [{ group: 'apps', versions: ['v1'] }],
      [apiService('v1.apps', 1, 1), apiService('v2.apps', 1, 1), apiService('v1.gone', 1, 1, false)],
    );
    expect(groups.map(({ group }) => group)).toEqual(['apps']);
    expect(groups[0]?.versions.map(({ version, remote }) => [version, remote?.metadata.name])).toEqual([
      ['v2', 'v2.apps'],
      ['v1', undefined],
    ]);
  });
});

describe('every built-in group', () => {
  it('has a priority of its own', () => {
    // Optional ones have that of the APIService that enables them.
    const unknown = builtinKinds
      .filter(({ isOptional }) => !isOptional)
      .filter(({ names: { group, version } }) => localPriority(group, version) === CUSTOM_PRIORITY)
      .map(({ names }) => names.group);
    expect([...new Set(unknown)]).toEqual([AGGREGATOR_GROUP]);
  });
});
