import { describe, expect, it } from '@jest/globals';
import { WireReader } from '#model';
import { openApiV2Protobuf } from './protobuf.js';

type Fields = Record<number, Uint8Array[]>;
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

/** Fields of one message; numbers are not looked at. */
function fields(bytes: Uint8Array | undefined): Fields {
  const reader = new WireReader(bytes ?? new Uint8Array());
  const found: Fields = {};
  while (!reader.isAtEnd) {
    const { tag, wire } = reader.key();
    if (wire === 2) (found[tag] ??= []).push(reader.blob());
    else reader.skip(wire);
  }
  return found;
}
const at = (bytes: Uint8Array | undefined, ...tags: number[]): Uint8Array | undefined =>
  tags.reduce<Uint8Array | undefined>((inner, tag) => fields(inner)[tag]?.[0], bytes);

describe('an OpenAPI v2 document as protobuf', () => {
  const bytes = openApiV2Protobuf({
    swagger: '2.0',
    info: { title: 'Kubernetes', version: 'v1' },
    paths: {
      '/api/v1/wishes': {
        post: {
          operationId: 'makeWish',
          parameters: [
            { name: 'body', in: 'body', required: true, schema: { $ref: '#/definitions/Wish' } },
            { name: 'dryRun', in: 'query', type: 'string', uniqueItems: true },
          ],
          responses: { 201: { description: 'Created', schema: { $ref: '#/definitions/Wish' } } },
          'x-kubernetes-action': 'post',
        },
      },
    },
    definitions: {
      Wish: {
        type: 'object',
        required: ['spec'],
        properties: { spec: { type: 'array', items: { type: 'string' } } },
        'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'Wish' }],
      },
    },
  });

  it('has names, paths, parameters and answers where readers look for them', () => {
    expect(text(at(bytes, 1))).toBe('2.0');
    expect(text(at(bytes, 2, 1))).toBe('Kubernetes');
    expect(text(at(bytes, 8, 2, 1))).toBe('/api/v1/wishes');
    const post = at(bytes, 8, 2, 2, 4);
    expect(text(at(post, 5))).toBe('makeWish');
    const [body, dryRun] = fields(post)[8] ?? [];
    expect(text(at(body, 1, 1, 5, 1))).toBe('#/definitions/Wish');
    expect(text(at(dryRun, 1, 2, 3, 4))).toBe('dryRun');
    expect(text(at(post, 9, 1, 1))).toBe('201');
    expect(text(at(post, 9, 1, 2, 1, 2, 1, 1))).toBe('#/definitions/Wish');
    expect(text(at(post, 13, 2, 2))).toBe('"post"');
  });

  it('has schemas with their extensions', () => {
    const wish = at(bytes, 9, 1, 2);
    expect(text(at(bytes, 9, 1, 1))).toBe('Wish');
    expect(text(at(wish, 22, 1))).toBe('object');
    expect(text(at(wish, 19))).toBe('spec');
    expect(text(at(wish, 25, 1, 1))).toBe('spec');
    expect(text(at(wish, 25, 1, 2, 23, 1, 22, 1))).toBe('string');
    expect(text(at(wish, 31, 1))).toBe('x-kubernetes-group-version-kind');
    expect(JSON.parse(text(at(wish, 31, 2, 2)))).toEqual([{ group: '', version: 'v1', kind: 'Wish' }]);
  });
});
