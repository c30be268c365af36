import { describe, expect, it } from '@jest/globals';
import type { Frontend } from '#model';
import { RuleSet } from './rule-set.js';

function frontend(address: string, backends: number): Frontend {
  return {
    ...{ key: `${address}/TCP/80`, address, protocol: 'TCP', port: 80, service: 'default/web:http' },
    ...{ isExternal: false, affinitySeconds: undefined, hidesClient: false, whenEmpty: 'reject' },
    ...{ sourceRanges: undefined, answeredBy: undefined },
    backends: Array.from({ length: backends }, (_, i) => ({
      address: `10.244.1.${i + 2}`,
      port: 8080,
      isLocal: false,
    })),
  };
}

describe('the chains of services', () => {
  it('are made for the first that needs one, and go with the last', () => {
    const rules = new RuleSet('t');
    const chainsOf = (changed: readonly Frontend[], gone: readonly string[] = []): readonly string[] => {
      const { script, commit } = rules.delta({ changed, gone });
      commit();
      return script.split('\n').flatMap((line) => /^(?:add|delete) chain ip t \w+/.exec(line)?.[0] ?? []);
    };
    const [first, second] = ['10.96.0.2', '10.96.0.3'] as const;
    expect(chainsOf([frontend(first, 3), frontend(second, 3)])).toEqual(['add chain ip t pick_3']);
    expect(chainsOf([frontend(first, 2)])).toEqual(['add chain ip t pick_2']);
    expect(chainsOf([frontend(second, 2)])).toEqual(['delete chain ip t pick_3']);
    expect(chainsOf([frontend(first, 0)])).toEqual([]);
    expect(chainsOf([], [`${second}/TCP/80`])).toEqual(['delete chain ip t pick_2']);
    expect(chainsOf([frontend(first, 2)])).toEqual(['add chain ip t pick_2']);
  });

  it('go after all that led there, in the same script', () => {
    const rules = new RuleSet('t');
    rules.delta({ changed: [frontend('10.96.0.2', 1)], gone: [] }).commit();
    const lines = rules
      .delta({ changed: [], gone: ['10.96.0.2/TCP/80'] })
      .script.trim()
      .split('\n');
    expect(lines.at(-1)).toBe('delete chain ip t pick_1');
    expect(lines.slice(0, -1).join()).toContain('delete element ip t cluster { 10.96.0.2 . tcp . 80 }');
  });
});

describe('the hairpin of a pod on this node', () => {
  it('goes with the change after the one that takes its last service away, unless it is needed again', () => {
    const rules = new RuleSet('t');
    const local = (address: string, isLocal: boolean): Frontend => ({
      ...frontend(address, 1),
      backends: [{ address: '10.244.1.2', port: 8080, isLocal }],
    });
    const hairpinsOf = (changed: readonly Frontend[], gone: readonly string[] = []): readonly string[] => {
      const { script, commit } = rules.delta({ changed, gone });
      commit();
      return script.split('\n').flatMap((line) => /^(?:add|delete)(?= element ip t hairpin)/.exec(line)?.[0] ?? []);
    };
    const [first, second] = ['10.96.0.2', '10.96.0.3'] as const;
    expect(hairpinsOf([local(first, true)])).toEqual(['add']);
    expect(hairpinsOf([], [`${first}/TCP/80`])).toEqual([]);
    expect(hairpinsOf([local(second, true)])).toEqual([]);
    expect(hairpinsOf([local(first, false)])).toEqual([]);
    expect(hairpinsOf([], [`${second}/TCP/80`])).toEqual([]);
    expect(hairpinsOf([])).toEqual(['delete']);
    expect(hairpinsOf([])).toEqual([]);
    expect(hairpinsOf([local(first, true)])).toEqual(['add']);
  });
});
