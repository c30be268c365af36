import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const SETUP = join(process.cwd(), 'tools/setup.mjs');

describe('the images of the official tests', () => {
  it('name the program that a machine lacks to make them, and the package that has it', () => {
    const program = `import { main, requireImagePrograms } from ${JSON.stringify(SETUP)};
      process.env.PATH = '/nowhere';
      await main(async () => requireImagePrograms());`;
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: 'The images of the official tests need gcc: install it (Debian: apt-get install gcc).\n',
    });
  });
});
