import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { goForm, goText } from './go-form.js';
import { unifiedDiff } from './text-diff.js';

describe('unifiedDiff', () => {
  it('says nothing of equal texts', () => {
    expect(unifiedDiff('a\nb', 'a\nb')).toBe('');
  });
  it('shows a change in its place', () => {
    const text = (middle: string): string => ['1', '2', '3', '4', middle, '6', '7', '8', '9'].join('\n');
    expect(unifiedDiff(text('5'), text('x'))).toBe('@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n');
  });
  it('shows far changes apart', () => {
    const lines = Array.from({ length: 30 }, (_, i) => String(i));
    const changed = lines.map((line, i) => (i === 2 || i === 25 ? 'x' : line));
    expect(unifiedDiff(lines.join('\n'), changed.join('\n')).match(/^@@/gm)).toHaveLength(2);
  });
  it('always makes the second text of the first', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', '{', '}'), { maxLength: 40 }).map((list) => list.join('\n'));
    fc.assert(
      fc.property(text, text, (before, after) => expect(applied(before, unifiedDiff(before, after))).toBe(after)),
    );
  });
});

/** Carries out a diff: the text after it. */
function applied(before: string, diff: string): string {
  const source = before.split('\n');
  const out: string[] = [];
  let at = 0;
  for (const line of diff.split('\n').slice(0, -1)) {
    const header = /^@@ -(\d+)(?:,(\d+))? /.exec(line);
    if (header) {
      const from = header[2] === '0' ? Number(header[1]) : Number(header[1]) - 1;
      out.push(...source.slice(at, from));
      at = from;
    } else if (line.startsWith('+')) out.push(line.slice(1));
    else {
      if (line.startsWith(' ')) out.push(line.slice(1));
      at++;
    }
  }
  return [...out, ...source.slice(at)].join('\n');
}

describe('goForm', () => {
  it('writes every field', () => {
    expect(goText(goForm('ContainerPort', { containerPort: 80, protocol: 'TCP' }))).toBe(
      '{\n "Name": "",\n "HostPort": 0,\n "ContainerPort": 80,\n "Protocol": "TCP",\n "HostIP": ""\n}',
    );
  });
  it('goes into parts', () => {
    expect(
      goForm('EnvVar', { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name', apiVersion: 'v1' } } }),
    ).toMatchObject({
      Name: 'A',
      Value: '',
      ValueFrom: { FieldRef: { APIVersion: 'v1', FieldPath: 'metadata.name' }, SecretKeyRef: null },
    });
  });
});
