import type { VolumeMount } from '#pod';
import { describe, expect, it } from '@jest/globals';
import { subPathOf } from './sub-path.js';

describe('the path of a mount inside its volume', () => {
  const at = (path: Partial<VolumeMount>, known: Readonly<Record<string, string>> = {}): string =>
    subPathOf({ name: 'v', mountPath: '/v', ...path }, Object.entries(known));

  it('is as written, or an expression with the values of the container', () => {
    expect(at({})).toBe('');
    expect(at({ subPath: 'a/$(POD)' })).toBe('a/$(POD)');
    expect(at({ subPathExpr: 'a/$(POD)' }, { POD: 'web' })).toBe('a/web');
  });
  it.each([
    ['$(POD)/x', {}, 'missing value for POD'],
    ['$(B)/$(A)', { A: '' }, 'missing value for A, B'],
    ['$(POD)', { POD: '/tmp' }, 'error SubPath `/tmp` must not be an absolute path'],
    ['$(POD)', { POD: '..' }, "unable to provision SubPath `..`: must not contain '..'"],
    ['a/$(POD)', { POD: 'b/../../c' }, "unable to provision SubPath `a/b/../../c`: must not contain '..'"],
  ])('cannot be %s with %j', (subPathExpr, known, message) => {
    expect(() => at({ subPathExpr }, known)).toThrow(message);
  });
});
