import { describe, it } from '@jest/globals';
import { specification, type TestCommand } from '#model/testing';
import { registry } from '../../index.js';

const { given } = specification(registry);
const home = () => given().and({ verb: 'create', kind: 'core.namespaces', body: { metadata: { name: 'n' } } });
const create = (fields: object): TestCommand => ({
  verb: 'create',
  kind: 'core.secrets',
  namespace: 'n',
  body: { metadata: { name: 's' }, ...fields },
});
const patch = (body: object): TestCommand => ({
  verb: 'patch',
  patchType: 'merge',
  kind: 'core.secrets',
  namespace: 'n',
  name: 's',
  body: body as never,
});

describe('a secret', () => {
  it('takes clear text into its data', () => {
    home()
      .when(create({ stringData: { a: 'é' } }))
      .thenObject({ type: 'Opaque', data: { a: 'w6k=' } });
  });
  it('has the keys that its type needs', () => {
    home()
      .when(create({ type: 'kubernetes.io/tls', data: { 'tls.crt': '' } }))
      .thenRefused(422);
    home()
      .when(create({ type: 'kubernetes.io/basic-auth' }))
      .thenRefused(422);
    home()
      .when(create({ type: 'kubernetes.io/ssh-auth', stringData: { 'ssh-privatekey': 'x' } }))
      .thenEvent('Created');
  });
  it('that is immutable changes only its metadata, and never its type', () => {
    const fixed = () => home().and(create({ immutable: true, stringData: { a: '1' } }));
    fixed()
      .when(patch({ data: { a: 'Mg==' } }))
      .thenRefused(422);
    fixed()
      .when(patch({ immutable: false }))
      .thenRefused(422);
    fixed()
      .when(patch({ metadata: { labels: { l: '1' } } }))
      .thenEvent('MetadataChanged');
    home()
      .and(create({}))
      .when(patch({ type: 'other' }))
      .thenRefused(422);
  });
});
