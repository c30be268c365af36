import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryEventLog } from '#adapters';
import { bootstrapTokenSecret, registry } from '#kinds';
import { isRefusal } from '#model';
import type { JsonObject } from '#std';
import { testCreate, testPlane } from '../../engine/src/testing.js';
import { bootstrapUser } from './bootstrap-token.js';

const NOW = Date.UTC(2026, 0);
const TOKEN = 'abc123.0123456789abcdef';

describe('a bootstrap token', () => {
  let made: (more?: JsonObject, type?: string) => Promise<void>;
  let userOf: (token: string) => ReturnType<typeof bootstrapUser>;
  beforeEach(async () => {
    const plane = testPlane(new MemoryEventLog(), registry);
    await plane.start();
    const writer = await plane.becomeWriter('test-cluster');
    await writer.submit(testCreate('core.namespaces', { metadata: { name: 'kube-system' } }));
    made = async (more = {}, type = 'bootstrap.kubernetes.io/token') => {
      const [id = '', secret = ''] = TOKEN.split('.');
      const object = bootstrapTokenSecret({ id, secret, ends: NOW + 1_000, description: 'x' });
      const stringData = { ...(object['stringData'] as JsonObject), ...more };
      const created = await writer.submit(testCreate('core.secrets', { ...object, type, stringData } as never));
      expect(isRefusal(created) ? created.message : '').toBe('');
    };
    userOf = (token) => bootstrapUser(token, plane.reads.projection, NOW);
  });

  it('is a user of the groups that its Secret names', async () => {
    await made({ 'auth-extra-groups': 'system:bootstrappers:b,system:bootstrappers:a' });
    expect(userOf(TOKEN)).toEqual({
      name: 'system:bootstrap:abc123',
      groups: ['system:bootstrappers', 'system:bootstrappers:a', 'system:bootstrappers:b', 'system:authenticated'],
    });
  });

  it.each([
    ['has ended', { expiration: '2025-12-31T23:59:59Z' }, undefined],
    ['has an end that cannot be read', { expiration: 'tomorrow' }, undefined],
    ['may not authenticate', { 'usage-bootstrap-authentication': 'false' }, undefined],
    ['has another id than its name', { 'token-id': 'xyz789' }, undefined],
    ['has another secret', { 'token-secret': 'fedcba9876543210' }, undefined],
    ['would be in other groups', { 'auth-extra-groups': 'system:masters' }, undefined],
    ['is a Secret of another type', {}, 'Opaque'],
  ])('is nobody when it %s', async (_what, more, type) => {
    await made(more, type);
    expect(userOf(TOKEN)).toBeUndefined();
  });

  it.each(['abc123', 'abc123.', 'abc123.0123456789abcdeF', 'ABC123.0123456789abcdef', '../x.0123456789abcdef'])(
    'is not "%s"',
    async (text) => {
      await made();
      expect(userOf(text)).toBeUndefined();
    },
  );
});
