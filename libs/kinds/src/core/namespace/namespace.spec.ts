import { describe, expect, it } from '@jest/globals';
import { specification } from '#model/testing';
import { registry } from '../../index.js';

const { given } = specification(registry);
const create = (name: string) => ({ verb: 'create', kind: 'core.namespaces', body: { metadata: { name } } }) as const;
const remove = (name: string) => ({ verb: 'delete', kind: 'core.namespaces', name }) as const;
const inside = (name: string) =>
  ({ verb: 'create', kind: 'core.configmaps', namespace: name, body: { metadata: { name: 'c' } } }) as const;

const emptied = {
  verb: 'update',
  kind: 'core.namespaces',
  name: 'a',
  subresource: 'finalize',
  body: { metadata: { name: 'a' }, spec: {} },
} as const;

describe('a namespace', () => {
  it('is born active, with its name as a label and a finalizer of its own', () => {
    given()
      .when(create('a'))
      .thenEvent('Created')
      .thenObject({
        metadata: { labels: { 'kubernetes.io/metadata.name': 'a' } },
        spec: { finalizers: ['kubernetes'] },
        status: { phase: 'Active' },
      });
  });
  it('goes in two steps', () => {
    const going = given().and(create('a'));
    going
      .when(remove('a'))
      .thenEvent('DeletionRequested')
      .thenObject({ status: { phase: 'Terminating' } });
    given().and(create('a')).and(remove('a')).when(remove('a')).thenNothing();
    given().and(create('a')).and(remove('a')).when(emptied).thenEvent('Deleted');
  });
  it('seed 5001754: does not go while anything is in it, as the one who decides sees it', () => {
    const filled = given().and(create('a')).and(inside('a')).and(remove('a'));
    const refused = filled.when(emptied).thenRefused(409);
    expect(refused.refusal.message).toMatch(
      'namespaces "a": The system is ensuring all content is removed from this namespace.  Upon completion,',
    );
    filled
      .and({ verb: 'delete', kind: 'core.configmaps', namespace: 'a', name: 'c' })
      .when(emptied)
      .thenEvent('Deleted');
  });
  it('keeps the finalizer that stands for its content while there is any, whoever else holds it', () => {
    const others = { ...emptied, body: { metadata: { name: 'a' }, spec: { finalizers: ['example.com/hold'] } } };
    const held = { ...others, body: { ...others.body, spec: { finalizers: ['kubernetes', 'example.com/hold'] } } };
    const filled = given().and(create('a')).and(inside('a')).and(held).and(remove('a'));
    filled.when(others).thenRefused(409);
  });
  it('without finalizers is marked and does not go while anything is in it', () => {
    const marked = given().and(create('a')).and(inside('a')).and(emptied).and(remove('a'));
    marked.when(remove('a')).thenNothing();
    marked.and({ verb: 'delete', kind: 'core.configmaps', namespace: 'a', name: 'c' });
    marked.when(remove('a')).thenEvent('Deleted');
    marked.when(emptied).thenEvent('Deleted');
  });
  it('that is not to go may lose its own finalizer, whatever is in it', () => {
    given().and(create('a')).and(inside('a')).when(emptied).thenEvent('SpecChanged');
  });
  it('takes nothing new once it is going, and nothing at all when it is not there', () => {
    given().when(inside('nowhere')).thenRefused(404, 'namespaces "nowhere" not found');
    const refused = given().and(create('a')).and(remove('a')).when(inside('a')).thenRefused(403);
    expect(refused.refusal.details?.causes?.[0]?.reason).toBe('NamespaceTerminating');
  });
  it('of the system cannot be deleted', () => {
    given()
      .and(create('default'))
      .when(remove('default'))
      .thenRefused(403, 'namespaces "default" is forbidden: this namespace may not be deleted');
  });
  it('says in its status what the time of deletion says', () => {
    const status = {
      verb: 'patch',
      patchType: 'merge',
      kind: 'core.namespaces',
      name: 'a',
      subresource: 'status',
      body: { status: { phase: 'Terminating' } },
    } as const;
    given().and(create('a')).when(status).thenRefused(422);
  });
});
