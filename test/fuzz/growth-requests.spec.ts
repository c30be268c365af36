import { parseFieldSelector, parseLabelSelector, parseQuantity, qualifiedName } from '#meta';
import { parseAccept } from '../../libs/http/src/accept.js';
import { parseDuration } from '#std';
import { parseInt64, parseUint64 } from '../../libs/http/src/go-text.js';
import { managerOf } from '../../libs/http/src/options.js';
import { percentDecoded, percentEncoded, Query } from '../../libs/http/src/query.js';
import { requestInfo, split } from '../../libs/http/src/request-info.js';
import { grows } from './growth.js';
import { many } from './hostile.js';

const HEAD = { to: 64 * 1024, from: 1024 };

grows('the request line and its headers', [
  ['a path of slashes', (n) => `${'/'.repeat(n)}x`, split],
  ['a path of slashes around its parts', (n) => `/${'/a'.repeat(n / 2)}${'/'.repeat(n)}x`, split],
  [
    'a path of many parts',
    (n) => `/api/v1${'/a'.repeat(n / 2)}`,
    (path: string) => requestInfo('GET', path, new Query('')),
  ],
  ['a path of percent signs', (n) => '%ff'.repeat(n / 3), percentDecoded],
  ['a path of bytes that are no UTF-8', (n) => percentDecoded('%ff'.repeat(n / 3)) ?? '', percentEncoded],
  ['a query of many pairs', (n) => many(n, (i) => `k${i}=v`, '&'), (raw: string) => new Query(raw)],
  ['a query of one key', (n) => many(n, () => 'k=%41', '&'), (raw: string) => new Query(raw).all('k')],
  [
    'a field selector in a query',
    (n) => `fieldSelector=${many(n, (i) => `f${i}=v`)}`,
    (raw: string) => requestInfo('GET', '/api/v1/pods', new Query(raw)),
  ],
  ['an Accept header of many clauses', (n) => many(n, (i) => `a/b${i};q=0.${i % 9}`), parseAccept, HEAD],
  ['a user agent of many characters', (n) => '\u200b'.repeat(n), (agent: string) => managerOf('', agent), HEAD],
]);

grows('numbers and texts', [
  ['a number of many digits', (n) => '1'.repeat(n), parseInt64],
  ['an unsigned number of many digits', (n) => '1'.repeat(n), parseUint64],
  ['a duration of many parts', (n) => '1h'.repeat(n / 2), parseDuration],
  ['a quantity of many digits', (n) => `${'1'.repeat(n)}!`, (text: string) => parseQuantity(text), { from: 1024 }],
  ['a quantity of many zeros', (n) => `1${'0'.repeat(n)}`, (text: string) => parseQuantity(text), { from: 1024 }],
  ['a label key of many letters', (n) => `${'a'.repeat(n)}!`, qualifiedName],
  ['a label key of many dots', (n) => `${'a.'.repeat(n / 2)}!/a`, qualifiedName],
]);

grows('selectors', [
  ['labels', (n) => many(n, (i) => `k${i}!=v`), parseLabelSelector],
  ['a set of values', (n) => `k in (${many(n, (i) => `v${i}`)})`, parseLabelSelector],
  ['bad keys', (n) => many(n, () => '!-'), parseLabelSelector],
  ['a bound of many digits', (n) => `k>${'1'.repeat(n)}`, parseLabelSelector],
  ['fields', (n) => many(n, (i) => `f${i}=v`), parseFieldSelector],
  ['fields of escapes', (n) => `f=${'\\,'.repeat(n / 2)}`, parseFieldSelector],
]);
