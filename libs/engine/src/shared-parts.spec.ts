import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SharedParts } from './shared-parts.js';
import { Sharing } from './sharing.js';

const text = fc.constantFrom('a', 'b', 'a text of some length', 'another text of some length', '__proto__');
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, 0, 1.5),
    text,
    tie('part'),
  ),
  part: fc.oneof(fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(text, tie('value'), { maxKeys: 4 })),
})).part as fc.Arbitrary<object>;

/** As an object arrives: by itself, and nobody may write to it. */
function received<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_key, part: unknown) => Object.freeze(part)) as T;
}

interface Pod {
  readonly metadata: { readonly name: string; readonly labels: object };
  readonly spec: { readonly containers: readonly { readonly image: string; readonly env: readonly object[] }[] };
}
const podOf = (name: string, image = 'registry.example/web:1'): Pod => ({
  metadata: { name, labels: { app: 'the app of all of them' } },
  spec: { containers: [{ image, env: [{ name: 'GREETING', value: 'welcome' }] }] },
});

describe('shared parts', () => {
  it('leave every object what it is, to the order of its keys, and write to none', () => {
    fc.assert(
      fc.property(fc.array(json, { maxLength: 12 }), (objects) => {
        const parts = new SharedParts();
        let before: object | undefined;
        for (const object of objects) {
          const arrived = received(object);
          const alone = parts.share(arrived);
          expect(JSON.stringify(alone)).toBe(JSON.stringify(object));
          // What was there before may be anything.
          before = parts.share(received(object), before);
          expect(JSON.stringify(before)).toBe(JSON.stringify(object));
        }
      }),
    );
  });

  it('are one object wherever they are equal, below the fields of an object', () => {
    const parts = new SharedParts();
    const [a, b] = [parts.share(received(podOf('a'))), parts.share(received(podOf('b')))];
    expect(b).toEqual(podOf('b'));
    expect(b.metadata.labels).toBe(a.metadata.labels);
    expect(b.spec.containers).toBe(a.spec.containers);
    // Caches are kept by the spec, and what they hold may depend on the rest of the pod.
    expect(b.spec).not.toBe(a.spec);
    const c = parts.share(received(podOf('c', 'registry.example/web:2')));
    expect(c.spec.containers).not.toBe(a.spec.containers);
    expect(c.spec.containers[0]?.env).toBe(a.spec.containers[0]?.env);
  });

  it('differ when their keys have another order', () => {
    const parts = new SharedParts();
    const [a, b] = [{ x: { p: { a: 1, b: 1 } } }, { x: { p: { b: 1, a: 1 } } }].map((object) =>
      parts.share(received(object)),
    );
    expect(JSON.stringify([a, b])).toBe('[{"x":{"p":{"a":1,"b":1}}},{"x":{"p":{"b":1,"a":1}}}]');
  });

  it('are those of the version before where a change says the same again', () => {
    const parts = new SharedParts();
    const before = parts.share(received(podOf('a')));
    expect(parts.share(received(podOf('a')), before)).toBe(before);
    const renamed = parts.share(received(podOf('b')), before);
    expect(renamed.spec).toBe(before.spec);
    expect(renamed.metadata.labels).toBe(before.metadata.labels);
  });

  it('are remembered within a bound of bytes, whatever is written', () => {
    const parts = new SharedParts();
    let most = 0;
    for (let n = 0; n < 40_000; n++) {
      parts.share({ data: { a: { b: { [`key ${n}`]: `${n} ${'v'.repeat(n % 6000)}` } } } });
      most = Math.max(most, parts.bytesHeld);
    }
    expect(most).toBeGreaterThan(8 * 1024 * 1024);
    expect(most).toBeLessThanOrEqual(16 * 1024 * 1024);
  });

  it('are none of what was sealed', () => {
    const sharing = new Sharing();
    const secret = () => {
      const object = received({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 's', uid: 'u' },
        data: podOf('a'),
      });
      return { revision: 0, position: 1, object, sealed: { object, paths: [['data']] } };
    };
    const [a, b] = [sharing.shared(secret()), sharing.shared(secret())];
    expect(a.object?.['data']).toEqual(b.object?.['data']);
    const [left, right] = [a, b].map(({ object }) => (object?.['data'] as Pod).spec.containers);
    expect(left).not.toBe(right);
  });
});
