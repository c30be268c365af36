import { describe, expect, it } from '@jest/globals';
import { decideCommand, standardKind, type Kind, type KubeObject } from '#model';
import { TestView } from '#model/testing';
import { configMapKind } from './core/configmap/kind.js';
import { createRegistry } from './registry.js';

/** A config map whose data names a kind defines it. */
const recipes: Kind = { ...configMapKind, defines: (object) => definedBy(object) };

function definedBy(object: KubeObject): Kind | undefined {
  const { plural, kind } = object['data'] as { readonly plural?: string; readonly kind: string };
  if (plural === undefined) return undefined;
  const names = { group: 'example.com', version: 'v1', kind, plural, namespaced: false };
  return standardKind({ names, schema: configMapKind.schema, columns: [] });
}
function recipe(name: string, data: object): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, uid: name, namespace: 'n' }, data } as KubeObject;
}
const registry = createRegistry([recipes]);

describe('the kinds of a view', () => {
  it('are the built-in ones and those that its objects define', () => {
    const view = new TestView(registry);
    expect(registry.at(view).all).toEqual([recipes]);
    view.put(recipe('a', { plural: 'boats', kind: 'Boat' }));
    view.put(recipe('b', { kind: 'Unfinished' }));
    const kinds = registry.at(view);
    expect(kinds.all.map(({ id }) => id)).toEqual(['core.configmaps', 'example.com.boats']);
    expect(kinds.byResource('example.com', 'v1', 'boats')?.id).toBe('example.com.boats');
    expect(kinds.byKind('example.com', 'v1', 'Boat')?.id).toBe('example.com.boats');
    expect(kinds.byKind('', 'v1', 'ConfigMap')).toBe(recipes);
    expect(kinds.at(new TestView(registry))).toBe(registry);
  });

  it('are made once for the same definitions, and a definition is read once', () => {
    const view = new TestView(registry);
    view.put(recipe('a', { plural: 'boats', kind: 'Boat' }));
    const before = registry.at(view);
    view.put({ apiVersion: 'v1', kind: 'Other', metadata: { name: 'x', uid: 'x' } });
    expect(registry.at(view)).toBe(before);
    view.put(recipe('b', { plural: 'cars', kind: 'Car' }));
    const after = registry.at(view);
    expect(after).not.toBe(before);
    expect(after.byId('example.com.boats')).toBe(before.byId('example.com.boats'));
    expect(before.byId('example.com.cars')).toBeUndefined();
  });

  it('are the same registry while definitions make the same kinds', () => {
    const made = new Map<unknown, Kind | undefined>();
    const bySpec = (object: KubeObject): Kind | undefined => {
      if (!made.has(object['spec'])) made.set(object['spec'], definedBy(object));
      return made.get(object['spec']);
    };
    const stable = createRegistry([{ ...recipes, defines: bySpec }]);
    const view = new TestView(stable);
    const boats = recipe('a', { plural: 'boats', kind: 'Boat' });
    view.put(boats);
    const before = stable.at(view);
    view.put({ ...boats, metadata: { ...boats.metadata, labels: { a: 'b' } } });
    expect(stable.at(view)).toBe(before);
    view.put({ ...boats, spec: { plural: 'ships', kind: 'Ship' } });
    expect(stable.at(view)).not.toBe(before);
  });

  it('never hide a built-in kind', () => {
    const shadow = (object: KubeObject): Kind => ({
      ...(definedBy(object) as Kind),
      id: 'core.configmaps',
      names: configMapKind.names,
    });
    const shadowed = createRegistry([{ ...recipes, defines: shadow }]);
    const view = new TestView(shadowed);
    view.put(recipe('a', { plural: 'boats', kind: 'Boat' }));
    expect(shadowed.at(view).byId('core.configmaps')).toMatchObject({ verbs: configMapKind.verbs });
    expect(shadowed.at(view)).toBe(shadowed);
  });

  it('are those that commands are decided with', () => {
    const view = new TestView(registry);
    const create = () =>
      decideCommand(
        registry,
        {
          ...{ verb: 'create', kind: 'example.com.boats', apiVersion: 'example.com/v1', name: '', options: {} },
          ...{ body: { metadata: { name: 'x' } }, actor: { name: 'a', groups: [] }, via: 'v', correlationId: 'c' },
        },
        view,
        { now: 0, uid: 'u' },
      );
    expect(create()).toMatchObject({ code: 404 });
    view.put(recipe('a', { plural: 'boats', kind: 'Boat' }));
    const decided = create();
    expect(decided).toMatchObject({ event: { type: 'Created' } });
  });
});
