import { describe, expect, it } from '@jest/globals';
import { zeroOf, type KubeObject } from '#model';
import { builtinKinds } from './builtin.js';

describe('the table of', () => {
  it.each(builtinKinds.map((kind) => [kind.id, kind] as const))(
    '%s shows an object of which nothing is known, as a bookmark of a watch does',
    (_id, kind) => {
      const object = { ...(zeroOf(kind.schema) as object), metadata: { name: '' } } as KubeObject;
      const tables = [kind.columns, ...kind.served.flatMap(({ columns = [] }) => [columns])];
      for (const column of tables.flat()) {
        const cell = column.cell(object, 0);
        expect([column.name, cell === null ? 'null' : typeof cell]).toEqual([
          column.name,
          expect.stringMatching(/^(string|number|boolean|null)$/),
        ]);
      }
    },
  );
});
