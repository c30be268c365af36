import { describe, expect, it } from '@jest/globals';
import { bar, sparkline, topTable, type Usage } from './top-table.js';

const usages: readonly Usage[] = [
  { namespace: 'default', name: 'web', cpuNanoCores: [-1, 1e8, 2.501e8], memoryBytes: [-1, 2 ** 20, 2 ** 21] },
  { namespace: 'other', name: 'idle-one', cpuNanoCores: [0, 0, 0], memoryBytes: [2 ** 20, 2 ** 20, -1] },
  { namespace: 'other', name: 'unknown', cpuNanoCores: [-1, -1], memoryBytes: [-1, -1] },
];

describe('the table of shiplog top', () => {
  it('is plain where nobody draws', () => {
    expect(topTable(usages, { isDrawn: false, withNamespace: true })).toBe(
      [
        'NAMESPACE   NAME       CPU(cores)   MEMORY(bytes)',
        'default     web        251m         2Mi',
        'other       idle-one   0m           1Mi',
        'other       unknown    <unknown>    <unknown>',
      ].join('\n'),
    );
  });

  it('has bars of the largest, and a line of the last two minutes', () => {
    expect(topTable(usages, { isDrawn: true, withNamespace: false }).split('\n')).toEqual([
      'NAME       CPU(cores)              MEMORY(bytes)              CPU, 2 MINUTES',
      'web        251m         ████████   2Mi             ████████    ▃█',
      'idle-one   0m                      1Mi             ████       ▁▁▁',
      'unknown    <unknown>               <unknown>',
    ]);
  });

  it('has shares of what there is, where that is known', () => {
    const room = new Map([['web', { cpuMilli: 1000, memoryBytes: 2 ** 22 }]]);
    const [head, web, idle] = topTable(usages, { isDrawn: false, withNamespace: false, room }).split('\n');
    expect(head).toBe('NAME       CPU(cores)   CPU(%)      MEMORY(bytes)   MEMORY(%)');
    expect(web).toBe('web        251m         25%         2Mi             50%');
    expect(idle).toBe('idle-one   0m           <unknown>   1Mi             <unknown>');
  });

  it('draws shares in eighths, whatever is given', () => {
    expect(['0', '0.5', '1', '7', '-1', 'NaN'].map((share) => bar(Number(share)))).toEqual([
      ...['        ', '████    ', '████████', '████████', '        ', '        '],
    ]);
    expect(bar(1 / 64)).toBe('▏       ');
    expect(sparkline(Array.from({ length: 120 }, (_, i) => i))).toHaveLength(30);
    expect(sparkline([])).toBe('');
  });
});
