import { describe, expect, it } from '@jest/globals';
import type { AccessAttributes, KubeObject, UserInfo } from '#model';
import { TestView } from '#model/testing';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessPolicy, bootstrapObjects, registry, type Subject } from '../../index.js';

/**
 * What each identity may do that every cluster has, verb by verb for each resource. Made anew after a wanted change:
 * `UPDATE_GOLDEN=1 npm run jest -- bootstrap.spec`, then read the difference.
 */
const GOLDEN = join(import.meta.dirname, '../../../../../test/golden/access.txt');

const view = new TestView(registry);
for (const object of bootstrapObjects) view.put(object as unknown as KubeObject);

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
/** Verbs that only some resources know, or that are asked beside a request. */
const SPECIAL: Readonly<Record<string, readonly string[]>> = {
  '/users': ['impersonate'],
  '/groups': ['impersonate'],
  '/serviceaccounts': ['impersonate'],
  'authentication.k8s.io/uids': ['impersonate'],
  'rbac.authorization.k8s.io/roles': ['escalate', 'bind'],
  'rbac.authorization.k8s.io/clusterroles': ['escalate', 'bind'],
};
const URLS = [
  '/api',
  '/api/v1',
  '/apis',
  '/healthz',
  '/livez',
  '/readyz',
  '/metrics',
  '/openapi/v3',
  '/version',
  '/logs',
];
const RESOURCES = [
  ...registry.all.flatMap(({ names, subresources }) =>
    ['', ...subresources.map(({ name }) => name)].map((subresource) => ({ ...names, subresource })),
  ),
  ...Object.keys(SPECIAL).flatMap((key) => {
    const [group = '', plural = ''] = key.split('/');
    const isKind = registry.all.some(({ names }) => names.group === group && names.plural === plural);
    return isKind ? [] : [{ group, plural, version: 'v1', namespaced: false, subresource: '' }];
  }),
].sort((a, b) => (`${a.group}/${a.plural}/${a.subresource}` < `${b.group}/${b.plural}/${b.subresource}` ? -1 : 1));

function identityOf({ kind, name, namespace }: Subject): UserInfo {
  if (kind === 'Group') return { name: 'a member', groups: [name] };
  return { name: kind === 'User' ? name : `system:serviceaccount:${namespace}:${name}`, groups: [] };
}
function identities(): readonly (readonly [string, UserInfo])[] {
  const subjects = bootstrapObjects.flatMap((object) => (object['subjects'] ?? []) as readonly Subject[]);
  const named = new Map(
    subjects.map((one) => [
      `${one.kind} ${one.namespace === undefined ? one.name : `${one.namespace}/${one.name}`}`,
      identityOf(one),
    ]),
  );
  named.set('Node n', { name: 'system:node:n', groups: ['system:nodes'] });
  named.set('User without groups', { name: 'ann', groups: [] });
  return [...named].sort(([a], [b]) => (a < b ? -1 : 1));
}

function rowsOf(user: UserInfo): readonly string[] {
  const may = (asked: Partial<AccessAttributes>): boolean =>
    accessPolicy.authorize(user, { ...NOTHING, ...asked }, view).allowed;
  const ofResources = RESOURCES.flatMap(({ group, plural, version, namespaced, subresource }) =>
    (namespaced ? ['', 'kube-system', 'kube-public', 'default'] : ['']).map((namespace) => {
      const about = { isResource: true, group, version, resource: plural, subresource, namespace };
      const verbs = [...VERBS, ...(subresource === '' ? (SPECIAL[`${group}/${plural}`] ?? []) : [])].filter((verb) =>
        may({ ...about, verb }),
      );
      const what = `${plural}${subresource && `/${subresource}`}${group && `.${group}`}`;
      return { what, where: namespace, verbs: verbs.join(' ') };
    }),
  );
  const everywhere = new Map(ofResources.filter(({ where }) => where === '').map(({ what, verbs }) => [what, verbs]));
  const rows = ofResources.filter(
    ({ what, where, verbs }) => verbs !== '' && (where === '' || verbs !== everywhere.get(what)),
  );
  const urls = URLS.filter((path) => may({ verb: 'get', path }));
  return [
    ...rows.map(({ what, where, verbs }) => `  ${what}${where && ` in ${where}`}: ${verbs}`),
    ...(urls.length > 0 ? [`  get ${urls.join(' ')}`] : []),
  ];
}
const NOTHING: AccessAttributes = {
  ...{ verb: '', isResource: false, path: '', group: '', version: '', namespace: '', resource: '', subresource: '' },
  name: '',
};

describe('the identities that every cluster has', () => {
  it('may do what the golden table says and nothing else', () => {
    const table = identities()
      .map(([title, user]) => [title, ...rowsOf(user)].join('\n'))
      .join('\n\n');
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(GOLDEN, `${table}\n`);
    expect(`${table}\n`).toBe(readFileSync(GOLDEN, 'utf8'));
  });

  it('are described as the genuine server describes them', () => {
    // The recording rbac-bootstraproles compares each role; here: that none is bound twice or bound to nothing.
    const roles = new Set(
      bootstrapObjects.flatMap(({ kind, metadata }) => [`${kind}/${metadata.namespace}/${metadata.name}`]),
    );
    expect(roles.size).toBe(bootstrapObjects.length);
    for (const { metadata, roleRef } of bootstrapObjects as readonly (KubeObject & {
      roleRef?: { kind: string; name: string };
    })[]) {
      if (!roleRef) continue;
      const home = roleRef.kind === 'Role' ? metadata.namespace : undefined;
      expect([...roles]).toContain(`${roleRef.kind}/${home}/${roleRef.name}`);
    }
  });
});
