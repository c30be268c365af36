import { parseSchedule } from '#kinds';
import { decode, decodeEnvelope, decodeProtobuf, encodeProtobuf, type ObjectType } from '#model';
import { goJsonError, JSON_DEPTH_MAX, type JsonObject } from '#std';
import { LinkRewriter } from '../../libs/http/src/proxy-links.js';
import { parseJson } from '../../libs/http/src/body/json.js';
import { parseYaml } from '../../libs/http/src/body/yaml.js';
import { yamlText } from '../../libs/http/src/yaml-text.js';
import { grows, list } from './growth.js';
import { pod, podOf, service, full } from './growth-objects.js';
import { many } from './hostile.js';

grows('JSON', [
  ['one object of many keys', (n) => `{${many(n, (i) => `"k${i}":1`)}}`, parseJson],
  ['one key many times', (n) => `{${many(n, () => '"k":1')}}`, parseJson],
  ['every key twice', (n) => `{${many(n, (i) => `"k${i}":1,"k${i}":2`)}}`, parseJson],
  ['one object in many parts', (n) => `{${many(n, (i) => `"k":{"a${i}":1}`)}}`, parseJson],
  ['nested objects in many parts', (n) => `{${many(n, (i) => `"k":{"l":{"a${i}":1}}`)}}`, parseJson],
  [
    'many doubled keys below a long one',
    (n) => `{"${'k'.repeat(n / 2)}":{${many(n / 2, (i) => `"a${i}":1,"a${i}":1`)}}}`,
    parseJson,
  ],
  ['escapes', (n) => `{"a":"${'\\"'.repeat(n / 2)}","a":1}`, parseJson],
  ['backslashes', (n) => `{"a":"${'\\\\'.repeat(n / 2)}","a":1}`, parseJson],
  ['half surrogates', (n) => `{"a":"${'\\ud800'.repeat(n / 6)}"}`, parseJson],
  ['nesting', (n) => `${'['.repeat(n / 2)}${']'.repeat(n / 2)}`, parseJson],
  ['nesting that is never closed', (n) => '['.repeat(n), parseJson],
  ['objects that are never closed', (n) => '{"a":'.repeat(n / 5), parseJson],
  ['a number of many digits', (n) => `{"a":${'1'.repeat(n)}}`, parseJson],
  ['an error at the end', (n) => `[${many(n, () => '1')},]`, goJsonError],
]);

grows('YAML', [
  ['one map of many keys', (n) => many(n, (i) => `k${i}: 1`, '\n'), parseYaml],
  ['one key many times', (n) => many(n, () => 'k: 1', '\n'), parseYaml],
  ['every key twice', (n) => many(n, (i) => `k${i}: 1\nk${i}: 2`, '\n'), parseYaml],
  ['a flow map of many keys', (n) => `{${many(n, (i) => `k${i}: 1`)}}`, parseYaml],
  ['a flow list', (n) => `[${many(n, () => '1')}]`, parseYaml],
  ['a flow list that is never closed', (n) => `[${many(n, () => '1')}`, parseYaml],
  ['flow lists that are never closed', (n) => '['.repeat(n), parseYaml],
  ['flow maps that are never closed', (n) => '{a: '.repeat(n / 4), parseYaml],
  ['lists in one line', (n) => '- '.repeat(n / 2), parseYaml],
  ['keys in one line', (n) => 'a: '.repeat(n / 3), parseYaml],
  ['question marks in one line', (n) => '? '.repeat(n / 2), parseYaml],
  [
    'deeper and deeper lists',
    (n) => Array.from({ length: Math.sqrt(n) }, (_, i) => `${' '.repeat(i)}-`).join('\n'),
    parseYaml,
  ],
  ['a text of many lines', (n) => `a: b\n${' c\n'.repeat(n / 3)}`, parseYaml],
  ['a quoted text of many lines', (n) => `a: "b\n${' c\n'.repeat(n / 3)}"`, parseYaml],
  ['a quoted text of escapes', (n) => `a: "${'\\n'.repeat(n / 2)}"`, parseYaml],
  ['a quoted text that is never closed', (n) => `a: "${'b\n '.repeat(n / 3)}`, parseYaml],
  ['a block text', (n) => `a: |\n${' c\n'.repeat(n / 3)}`, parseYaml],
  ['a folded text', (n) => `a: >\n${' c\n\n'.repeat(n / 4)}`, parseYaml],
  ['comments', (n) => '# c\n'.repeat(n / 4), parseYaml],
  ['comments after values', (n) => many(n, (i) => `k${i}: 1 # c`, '\n'), parseYaml],
  ['blank lines', (n) => `a: 1\n${'\n'.repeat(n)}b: 1`, parseYaml],
  ['blanks', (n) => `a:${' '.repeat(n)}1`, parseYaml],
  ['tabs', (n) => `a:${'\t'.repeat(n)}1`, parseYaml],
  ['documents', (n) => '---\na: 1\n'.repeat(n / 9), parseYaml],
  ['document marks', (n) => '--- '.repeat(n / 4), parseYaml],
  ['directives', (n) => '%YAML 1.1\n'.repeat(n / 10), parseYaml],
  ['tags', (n) => many(n, (i) => `k${i}: !!str 1`, '\n'), parseYaml],
  ['many tags of one value', (n) => `a: ${'!x '.repeat(n / 3)}`, parseYaml],
  ['anchors', (n) => many(n, (i) => `k${i}: &a${i} 1`, '\n'), parseYaml],
  ['many anchors of one value', (n) => `a: ${'&a '.repeat(n / 3)}`, parseYaml],
  ['aliases of one anchor', (n) => `a: &a 1\nl: [${many(n, () => '*a')}]`, parseYaml],
  [
    'aliases of many anchors',
    (n) => `${many(n / 2, (i) => `k${i}: &a${i} 1`, '\n')}\n${many(n / 2, (i) => `l${i}: *a${i}`, '\n')}`,
    parseYaml,
  ],
  ['aliases of unknown anchors', (n) => `[${many(n, (i) => `*a${i}`)}]`, parseYaml],
  ['aliases of aliases', (n) => bomb(n), parseYaml],
  ['merge keys', (n) => `a: &a {b: 1}\nc:\n${many(n, () => ' <<: *a', '\n')}`, parseYaml],
  ['a merge key of many maps', (n) => `a: &a {b: 1}\nc: {<<: [${many(n, () => '*a')}]}`, parseYaml],
  ['errors', (n) => many(n, () => '"a" b', '\n'), parseYaml],
  ['brackets that close nothing', (n) => ']'.repeat(n), parseYaml],
  ['commas', (n) => `[${','.repeat(n)}]`, parseYaml],
  ['colons', (n) => ':'.repeat(n), parseYaml],
  ['quotes', (n) => '"'.repeat(n), parseYaml],
  ['stars', (n) => '*'.repeat(n), parseYaml],
  ['exclamation marks', (n) => '!'.repeat(n), parseYaml],
  ['bars', (n) => '|\n'.repeat(n / 2), parseYaml],
  ['a number of many digits', (n) => `a: ${'1'.repeat(n)}`, parseYaml],
  ['a number in base sixty', (n) => `a: ${'1:'.repeat(n / 2)}1`, parseYaml],
  ['a number of underscores', (n) => `a: 1${'_'.repeat(n)}1`, parseYaml],
  ['a date of many digits', (n) => `a: 2001-01-01T00:00:00.${'0'.repeat(n)}Z`, parseYaml],
  ['binary data', (n) => `a: !!binary ${'A'.repeat(n)}`, parseYaml],
  ['sets', (n) => `a: !!set {${many(n, (i) => `k${i}`)}}`, parseYaml],
  ['ordered maps', (n) => `a: !!omap [${many(n, (i) => `k${i}: 1`)}]`, parseYaml],
  ['pairs in a flow list', (n) => `[${many(n, (i) => `k${i}: 1`)}]`, parseYaml],
  ['pairs in pairs', (n) => nestedYaml(n, '[', ': 1]'), parseYaml],
  ['maps as keys', (n) => nestedYaml(n, '{? ', ' : 1}'), parseYaml],
  ['anchors before anchors', (n) => nestedYaml(n, '&a [', ']'), parseYaml],
  ['tags of lists in lines', (n) => nestedYaml(n, '- !x ', '\n'), parseYaml],
  ['anchors of maps in lines', (n) => many(n, (i) => `k${i}: &a${i}\n !x b: 1`, '\n'), parseYaml],
  ['anchors above anchors', (n) => many(n, () => '&a\n&b c: 1', '\n'), parseYaml],
  ['tagged keys', (n) => many(n, (i) => `!!str &a${i} k${i} : 1`, '\n'), parseYaml],
  ['questions in questions', (n) => nestedYaml(n, '? &a ', '\n'), parseYaml],
  ['pairs', (n) => `a: !!pairs [${many(n, (i) => `k${i}: 1`)}]`, parseYaml],
]);

/** As deep as bodies may be nested, again and again: a parser that tries each level twice takes 2 to the power of that. */
function nestedYaml(size: number, before: string, after: string): string {
  const depth = JSON_DEPTH_MAX - 1;
  const one = `- ${before.repeat(depth)}x${after.repeat(depth)}`;
  return many(size, () => one, '\n');
}

/** Each line holds the one before nine times. */
function bomb(size: number): string {
  const lines = ['a0: &a0 [x]'];
  for (let i = 1; lines.length * 50 < size; i++) {
    lines.push(`a${i}: &a${i} [${Array.from({ length: 9 }, () => `*a${i - 1}`).join(', ')}]`);
  }
  return lines.join('\n');
}

const decoded =
  (type: ObjectType<unknown>) =>
  (value: unknown): unknown =>
    decode(type, value);
grows('typed decoding', [
  ['a pod of many containers', (n) => podOf(full()(n)), decoded(pod)],
  ['a pod of many unknown fields', (n) => podOf([Object.fromEntries(list(n, 10, (i) => [`u${i}`, '']))]), decoded(pod)],
  ['a service of many ports', (n) => ({ spec: { ports: list(n, 14, (i) => ({ port: i })) } }), decoded(service)],
  [
    'quantities of many digits',
    (n) => podOf([{ resources: { limits: Object.fromEntries(list(n, 1000, (i) => [`r${i}`, '1'.repeat(1000)])) } }]),
    decoded(pod),
  ],
]);

const message = (value: JsonObject): Uint8Array => encodeProtobuf(pod, value);
const fromMessage = (bytes: Uint8Array): unknown => decodeProtobuf(pod, bytes);
grows('protobuf', [
  ['a pod of many containers', (n) => message(podOf(full()(n))), fromMessage],
  [
    'many labels',
    (n) => message({ metadata: { labels: Object.fromEntries(list(n, 12, (i) => [`l${i}`, ''])) } }),
    fromMessage,
  ],
  [
    'one label many times',
    (n) => Buffer.concat(list(n, 9, () => Buffer.from(message({ metadata: { labels: { a: '' } } })))),
    fromMessage,
  ],
  [
    'one field many times',
    (n) => Buffer.concat(list(n, 10, () => Buffer.from(message({ spec: { nodeName: 'n' } })))),
    fromMessage,
  ],
  ['unknown fields', (n) => Buffer.alloc(n - (n % 3), Buffer.from([0xf8, 0x7f, 0x01])), fromMessage],
  [
    'an envelope of many fields',
    (n) => Buffer.concat([Buffer.from('k8s\0'), Buffer.alloc(n - (n % 2), Buffer.from([0x28, 0x01]))]),
    decodeEnvelope,
  ],
]);

grows('a schedule', [
  ['zeros', (n) => `${'0'.repeat(n)}x * * * *`, parseSchedule],
  ['white space', (n) => `*${' '.repeat(n)}* * * *`, parseSchedule],
]);

const html = (text: string): unknown => {
  const rewriter = new LinkRewriter((link) => `/proxy${link}`);
  let out = 0;
  for (let at = 0; at < text.length; at += 100) out += rewriter.take(text.slice(at, at + 100)).length;
  return out + rewriter.end().length;
};
grows('HTML that is proxied', [
  ['links', (n) => '<a href="/x">'.repeat(n / 13), html],
  ['scripts', (n) => '<script></script>'.repeat(n / 17), html],
  ['a script that never ends', (n) => `<script>${'</scrip '.repeat(n / 8)}`, html],
  ['a comment that never ends', (n) => `<!--${'-- '.repeat(n / 3)}`, html],
  ['quotes that never end', (n) => `<a href="${'" a="'.repeat(n / 5)}`, html],
  ['many attributes', (n) => `<a ${many(n, (i) => `a${i}`, ' ')}>`, html],
  ['angles', (n) => '<'.repeat(n), html],
  ['ends of nothing', (n) => '</>'.repeat(n / 3), html],
  ['references', (n) => `<a href="${'&amp;'.repeat(n / 5)}">`, html],
]);

const yaml = (value: unknown): string => yamlText(value);
grows('an object that is answered in YAML', [
  ['a text of many words', (n) => ({ a: 'a b '.repeat(n / 4) }), yaml],
  ['many texts', (n) => list(n, 100, (i) => `${i} ${'a b '.repeat(25)}`), yaml],
  ['a text of many lines', (n) => ({ a: 'a\n'.repeat(n / 2) }), yaml],
]);
