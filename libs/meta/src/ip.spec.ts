import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  canonicalIp,
  cidrContains,
  cidrWarnings,
  ipText,
  ipWarnings,
  parseCidr,
  parseIp,
  strictIpReasons,
  unreachableReasons,
} from './ip.js';

describe('addresses', () => {
  it.each([
    ['192.000.2.9', '192.0.2.9'],
    ['2001:DB8:0::1', '2001:db8::1'],
    ['::ffff:192.0.2.4', '192.0.2.4'],
    ['::', '::'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ])('%s is %s', (text, canonical) => {
    const address = parseIp(text);
    expect(address && ipText(address)).toBe(canonical);
    expect(canonicalIp(text)).toBe(canonical);
  });
  it.each(['10.0.0.x', '1.2.3', '1.2.3.4.5', '1..2.3', '1.2.3.', '1.2.3.256', '1.2.3.0001', '', '...'])(
    'in no spelling at all stay what they are: %j',
    (text) => {
      expect(parseIp(text)).toBeUndefined();
      expect(canonicalIp(text)).toBe(text);
    },
  );
  it.each([
    ['2001:db8::1', undefined],
    ['10.0.0.1', undefined],
    ['x', 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
    ['010.0.0.1', 'must not have leading 0s'],
    ['::ffff:1.2.3.04', 'must not have leading 0s'],
    ['::ffff:1.2.3.4', 'must not be an IPv4-mapped IPv6 address'],
    ['2001:DB8:0::1', 'must be in canonical form ("2001:db8::1")'],
  ])('%s, strictly: %s', (text, reason) => {
    expect(strictIpReasons(text)).toEqual(reason === undefined ? [] : [reason]);
  });
  it('are told from other texts', () => {
    for (const text of ['', 'x', '10.1', '192.0.2.300', '1::2::3', '1:2:3:4:5:6:7:8:9', 'fe80::1%eth0'])
      expect(parseIp(text)).toBeUndefined();
  });
  it('warn of odd spellings', () => {
    expect(ipWarnings('f', '192.0.2.4')).toEqual([]);
    expect(ipWarnings('f', '010.0.0.1')).toEqual([
      'f: non-standard IP address "010.0.0.1" will be considered invalid in a future Kubernetes release: use "10.0.0.1"',
    ]);
    expect(cidrWarnings('f', '192.0.2.5/24')).toEqual([
      'f: CIDR value "192.0.2.5/24" is ambiguous in this context (should be "192.0.2.0/24" or "192.0.2.5/32"?)',
    ]);
  });
  it('may not be reached where they mean the host itself', () => {
    const reasons = (text: string): readonly string[] =>
      unreachableReasons(parseIp(text) ?? { family: 'IPv4', parts: [], strict: true });
    expect(reasons('127.0.0.1')).toHaveLength(1);
    expect(reasons('fe80::1')).toHaveLength(1);
    expect(reasons('10.1.2.3')).toEqual([]);
    expect(reasons('0.0.0.0')).toEqual(['may not be unspecified (0.0.0.0)']);
  });
  it('lie in their own networks', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(32), (text, bits) => {
        const address = parseIp(text);
        const range = parseCidr(`${text}/${bits}`);
        if (address === undefined || range === undefined) return;
        expect(cidrContains(range, address)).toBe(true);
        expect(ipText(parseIp(ipText(address)) ?? address)).toBe(ipText(address));
      }),
    );
  });
});
