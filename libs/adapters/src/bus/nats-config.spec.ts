import { describe, expect, it } from '@jest/globals';
import { natsConfig, withFormerOperator } from './nats-config.js';

const jwt = (sub: string, iat: number): string =>
  ['head', Buffer.from(JSON.stringify({ sub, iat })).toString('base64url'), 'signature'].join('.');
const configOf = (operatorJwt: string): string =>
  natsConfig({
    listen: '0.0.0.0:4222',
    folder: '/etc/nats',
    authority: { operatorJwt, accountId: 'A', accountJwt: 'account', joinAccounts: [] } as never,
  });

describe('a configuration that is written again', () => {
  it('keeps the line of the same operator, since a running server takes no other', () => {
    const former = configOf(jwt('O1', 1));
    expect(withFormerOperator(configOf(jwt('O1', 2)), former)).toBe(former);
  });
  it('has the line of another operator', () => {
    const next = configOf(jwt('O2', 2));
    expect(withFormerOperator(next, configOf(jwt('O1', 1)))).toBe(next);
    expect(withFormerOperator(next, 'not a configuration')).toBe(next);
  });
});
