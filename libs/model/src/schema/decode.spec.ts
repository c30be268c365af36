import { describe, expect, it } from '@jest/globals';
import {
  any,
  boolean,
  byte,
  f,
  int32,
  intOrString,
  list,
  map,
  microTime,
  object,
  quantity,
  req,
  string,
  time,
} from './builder.js';
import { decode, zeroOf } from './decode.js';
import { applyDefaults } from './defaults.js';

const port = object('test.Port', '', {
  number: req(int32, 1, ''),
  name: f(string, 2, ''),
  protocol: f(string, 3, '', { default: 'TCP' }),
});
const thing = object('test.Thing', '', {
  ports: f(list(port), 1, ''),
  items: f(list(string), 2, '', { always: null }),
  limits: f(map(quantity), 3, ''),
  count: f(int32, 4, '', { pointer: true, fill: 1 }),
  small: f(int32, 5, ''),
  on: f(boolean, 6, ''),
  at: f(time, 7, '', { always: null }),
  exact: f(microTime, 8, ''),
  target: f(intOrString, 9, '', { always: 0 }),
  data: f(byte, 10, ''),
  raw: f(any, 11, ''),
  status: f(
    object('test.Status', '', { replicas: req(int32, 1, ''), phase: f(string, 2, '', { fill: 'New' }) }),
    12,
    '',
    {
      always: {},
    },
  ),
});
const empty = { at: null, items: null, status: { replicas: 0 }, target: 0 };

describe('decode', () => {
  it('writes what is always written and nothing else', () => {
    expect(JSON.stringify(decode(thing, {}).value)).toBe(JSON.stringify(empty));
    expect(zeroOf(thing)).toEqual(empty);
  });
  it('drops zero values, but not those that a field keeps', () => {
    const { value } = decode(thing, { count: 0, small: 0, on: false, ports: [], limits: {}, items: [], data: '' });
    expect(value).toEqual({ ...empty, count: 0, items: [] });
  });
  it('takes null for absent', () => {
    const { value, error } = decode(thing, {
      ports: null,
      small: null,
      status: null,
      limits: { a: null },
      items: [null],
    });
    expect(error).toBeUndefined();
    expect(value).toEqual({ ...empty, limits: { a: '0' }, items: [''] });
  });
  it('puts keys in canonical order', () => {
    const { value } = decode(port, { number: 1, protocol: 'UDP', name: 'a' });
    expect(Object.keys(value)).toEqual(['name', 'number', 'protocol']);
  });
  it('names unknown fields in the order of the document', () => {
    const { unknown } = decode(thing, { zeta: 1, ports: [{ number: 1, nam: 'x' }], alpha: { b: 1 } });
    expect(unknown).toEqual(['zeta', 'ports[0].nam', 'alpha']);
  });
  it('tells the first wrong type, as Go does', () => {
    const { error } = decode(thing, { ports: [{ number: 'x' }], small: 'y' });
    expect(error).toBe('json: cannot unmarshal string into Go struct field Port.ports.number of type int32');
  });
  it.each([
    [{ small: 2 ** 31 }],
    [{ small: 1.5 }],
    [{ on: 1 }],
    [{ ports: {} }],
    [{ limits: [] }],
    [{ target: true }],
    [{ status: 'x' }],
  ])('refuses %j', (value) => {
    expect(decode(thing, value).error).toMatch(/^json: cannot unmarshal /);
  });
  it('tells a broken text before a wrong type', () => {
    expect(decode(thing, { small: 'y', limits: { a: '1 G' } }).error).toMatch(/^quantities must match/);
    expect(decode(thing, { data: 'Not Valid!' }).error).toBe('illegal base64 data at input byte 3');
    expect(decode(thing, { at: 'now' }).error).toBe(
      'parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"',
    );
  });
  it('reads times in any zone and with any fraction, and writes UTC', () => {
    const { value } = decode(thing, { at: '2024-02-29T23:30:00.75-01:00', exact: '2024-01-01T00:00:00.120000+02:00' });
    expect(value.at).toBe('2024-03-01T00:30:00Z');
    expect(value.exact).toBe('2023-12-31T22:00:00.120000Z');
  });
  it('knows the calendar and the number of digits', () => {
    expect(decode(thing, { at: '2023-02-29T00:00:00Z' }).error).toBe(
      'parsing time "2023-02-29T00:00:00Z": day out of range',
    );
    expect(decode(thing, { exact: '2024-01-01T00:00:00Z' }).error).toMatch(/cannot parse "Z" as "\.000000"$/);
  });
  it('keeps a key that would be the prototype', () => {
    const { value } = decode(thing, JSON.parse('{"limits":{"__proto__":"1"}}'));
    expect(Object.keys(value.limits ?? {})).toEqual(['__proto__']);
  });
});

describe('applyDefaults', () => {
  it('fills what is absent, below what is there', () => {
    const value = applyDefaults(thing, decode(thing, { ports: [{ number: 1 }, { number: 2, protocol: 'UDP' }] }).value);
    expect(value.ports).toEqual([
      { number: 1, protocol: 'TCP' },
      { number: 2, protocol: 'UDP' },
    ]);
    expect(value.count).toBe(1);
    expect(value.status).toEqual({ phase: 'New', replicas: 0 });
    expect(Object.keys(value)).toEqual([...Object.keys(value)].sort());
  });
  it('keeps an explicit zero where zero means something', () => {
    expect(applyDefaults(thing, decode(thing, { count: 0 }).value).count).toBe(0);
  });
  it('shares what it does not change', () => {
    const value = applyDefaults(thing, decode(thing, { ports: [{ number: 1 }] }).value);
    expect(applyDefaults(thing, value)).toBe(value);
  });
});
