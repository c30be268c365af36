import { describe, expect, it } from '@jest/globals';
import type { Change, Submit } from '#model';
import { accepted, Bench, changed, refusal, wish } from './test-loop.js';

describe('what a command says of its decision', () => {
  const at = (position: number): Change => ({ ...changed('key'), position });
  const causes = (bench: Bench): unknown[] => bench.commands.map((command) => command.causes);

  it('names the changes that made the loop look: the newest 16, and how many there were', async () => {
    const bench = new Bench();
    bench.runner.start();
    await bench.run(1);
    bench.runner.notice([at(11), at(12)]);
    await bench.run(1);
    bench.runner.notice(Array.from({ length: 20 }, (_, i) => at(20 + i)));
    await bench.run(1);
    expect(causes(bench)).toEqual([undefined, [11, 12], Array.from({ length: 16 }, (_, i) => 24 + i)]);
    expect(bench.commands.map(({ causeCount }) => causeCount)).toEqual([undefined, undefined, 20]);
    bench.runner.stop();
  });
  it('names them again when the look is repeated after a refusal, with what changed since', async () => {
    const bench = new Bench();
    bench.keys = { keysOf: () => ['key'], keysAtStart: () => [] };
    bench.answer = () => (bench.looks.length < 3 ? refusal('Forbidden') : accepted(1));
    bench.runner.start();
    bench.runner.notice([at(11)]);
    await bench.run(1);
    bench.runner.notice([at(12)]);
    await bench.run(1000);
    bench.runner.notice([at(13)]);
    await bench.run(1);
    expect(causes(bench)).toEqual([[11], [11, 12], [11, 12], [13]]);
    bench.runner.stop();
  });
  it('names those of the look that asked to be woken', async () => {
    const bench = new Bench();
    bench.keys = { keysOf: () => ['key'], keysAtStart: () => [] };
    bench.decide = () => (bench.looks.length === 1 ? [{ is: 'wake', at: bench.clock.now() + 500 }] : [wish('a')]);
    bench.runner.start();
    bench.runner.notice([at(11)]);
    await bench.run(1000);
    expect(causes(bench)).toEqual([[11]]);
    bench.runner.stop();
  });
  it('has one basis with what follows on it', async () => {
    const bench = new Bench();
    const follows = { ...(wish('b') as Submit), then: [wish('c') as Submit] };
    bench.decide = () => (bench.looks.length === 1 ? [{ ...(wish('a') as Submit), then: [follows] }] : []);
    bench.runner.start();
    await bench.run(1);
    const [first, ...rest] = bench.commands.map(({ basis }) => ({ ...basis, decided: undefined }));
    expect(bench.commands.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(rest).toEqual([first, first]);
    expect(new Set(bench.commands.map(({ basis }) => basis?.decided)).size).toBe(3);
    bench.runner.stop();
  });
  it('holds what the look read of facts that are not in the log', async () => {
    const bench = new Bench();
    bench.answer = () => (bench.looks.length < 2 ? refusal('Forbidden') : accepted(1));
    bench.runner.start();
    await bench.run(100);
    expect(bench.commands[0]?.basis).not.toHaveProperty('facts');
    expect(bench.commands[1]?.basis?.facts).toMatchObject({ refusals: [{ verb: 'create', name: 'a' }] });
    bench.runner.stop();
  });
});
