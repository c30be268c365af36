import { describe, expect, it } from '@jest/globals';
import { apiUrl, readSettings } from './settings.js';

const read = (env: Record<string, string>, apps: Parameters<typeof readSettings>[1] = ['api']) =>
  readSettings('test', apps, { SHIPLOG_HOME: '/data', ...env });

describe('what the environment says', () => {
  it.each(['10.300.0.0/16', '10.244.0.0/24', '10.244.1.0/16', 'fd00::/16', '256.0.0.0/16'])(
    'the network of pods is a /16: %s is none',
    (podCidr) => expect(() => read({ SHIPLOG_POD_CIDR: podCidr })).toThrow(`SHIPLOG_POD_CIDR is "${podCidr}"`),
  );

  it('a node is measured as often as it says', () => {
    expect(read({}).metricsIntervalMs).toBe(1000);
    for (const [text, ms] of [
      ['0', 0],
      ['500ms', 500],
      ['2s', 2000],
      ['10m', 600_000],
    ] as const)
      expect(read({ SHIPLOG_METRICS_INTERVAL: text }).metricsIntervalMs).toBe(ms);
    for (const text of ['1', '-1s', '1h', '99ms', '11m', 'often', '0s', '1.5s'])
      expect(() => read({ SHIPLOG_METRICS_INTERVAL: text })).toThrow(
        `SHIPLOG_METRICS_INTERVAL is "${text}": write a duration from 100ms to 10m`,
      );
  });

  it('a node has a name that the API takes', () => {
    expect(read({ SHIPLOG_NODE: 'Node-1.example' }, ['agent']).node).toBe('node-1.example');
    for (const name of ['my_box', '-a', 'a..b', 'x'.repeat(254)])
      expect(() => read({ SHIPLOG_NODE: name }, ['agent'])).toThrow(/cannot be the name of a node: .*SHIPLOG_NODE/);
    // Who runs no node need not have a name for one.
    expect(read({ SHIPLOG_NODE: 'my_box' }).process).toBe('test');
  });

  it.each([
    ['127.0.0.1:7000', 'https://127.0.0.1:7000'],
    [':7000', 'https://127.0.0.1:7000'],
    ['0.0.0.0:7000', 'https://127.0.0.1:7000'],
    ['[::1]:7000', 'https://[::1]:7000'],
    ['[::]:7000', 'https://127.0.0.1:7000'],
  ])('the API on %s is reached at %s', (address, url) =>
    expect(apiUrl(read({ SHIPLOG_API_ADDRESS: address }))).toBe(url),
  );

  it.each(['7000', 'a:0', 'a:65536', '::1:70', 'a:b'])('%s is no address', (address) =>
    expect(() => read({ SHIPLOG_API_ADDRESS: address })).toThrow('which is no host and port'),
  );
});
