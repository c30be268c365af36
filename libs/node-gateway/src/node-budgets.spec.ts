import { describe, expect, it } from '@jest/globals';
import { MemoryBusHub, VirtualClock } from '#adapters';
import { decodeMessage, encodeMessage } from '#engine';
import { withNodeBudgets } from './budgeted-bus.js';
import { NodeBudgets, type BudgetLimits } from './node-budgets.js';

const limits: BudgetLimits = {
  perSecond: 10,
  burst: 5,
  waitingMax: 20,
  waitingBytesMax: 1000,
  runningPerNodeMax: 2,
  runningMax: 3,
};
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function world(changed: Partial<BudgetLimits> = {}) {
  const clock = new VirtualClock(0);
  const budgets = new NodeBudgets(clock, { ...limits, ...changed });
  const done: string[] = [];
  const problems: string[] = [];
  const send = (node: string, what: string, { cost = 1, bytes = 1, work = () => Promise.resolve() } = {}): void => {
    budgets
      .run(node, { cost, bytes }, async () => {
        await work();
        done.push(what);
      })
      .catch((error: Error) => problems.push(error.message));
  };
  const pass = async (ms: number): Promise<void> => {
    const end = clock.now() + ms;
    do await tick();
    while (clock.ringNext(end));
    clock.advanceTo(end);
    await tick();
  };
  return { budgets, clock, done, problems, send, pass };
}

describe('the budgets of nodes', () => {
  it('take a burst at once, and what is more at the rate, in order', async () => {
    const { done, send, pass } = world();
    for (let i = 0; i < 10; i++) send('a', String(i));
    await pass(0);
    expect(done).toEqual(['0', '1', '2', '3', '4']);
    await pass(350);
    expect(done).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
    await pass(1000);
    expect(done).toEqual([...Array(10).keys()].map(String));
  });
  it('delay a node that floods, and no other', async () => {
    const { done, problems, send, pass } = world();
    for (let i = 0; i < 1000; i++) send('flood', `f${i}`);
    send('quiet', 'q');
    await pass(0);
    expect(done).toContain('q');
    expect(problems).toHaveLength(1000 - limits.waitingMax - 2);
    expect(problems[0]).toContain('node flood sends more than its budget');
  });
  it('serve nodes in turn when all are busy', async () => {
    const { done, send, pass } = world({ runningMax: 1, burst: 100 });
    for (let i = 0; i < 4; i++) send('a', `a${i}`);
    for (let i = 0; i < 3; i++) send('b', `b${i}`);
    send('c', 'c0');
    await pass(0);
    expect(done).toEqual(['a0', 'a1', 'b0', 'c0', 'a2', 'b1', 'a3', 'b2']);
  });
  it('bound what waits of a node in bytes', async () => {
    const { problems, send, pass } = world({ burst: 1 });
    send('a', '0');
    for (let i = 0; i < 5; i++) send('a', 'large', { bytes: 400 });
    await pass(0);
    expect(problems).toHaveLength(3);
    await pass(1000);
    send('a', 'large', { bytes: 400 });
    await pass(0);
    expect(problems).toHaveLength(3);
  });
  it('keep the places of messages that fail', async () => {
    const { problems, done, send, pass } = world({ runningMax: 1, burst: 100 });
    send('a', 'bad', { work: () => Promise.reject(new Error('bad')) });
    send('a', 'good');
    await pass(0);
    expect([problems, done]).toEqual([['bad'], ['good']]);
  });
  it('are kept on the bus before a report is decoded, and drop heartbeats beyond one a second', async () => {
    const clock = new VirtualClock(0);
    const hub = new MemoryBusHub(clock);
    const bus = withNodeBudgets(hub.connect('health'), clock);
    const [agent, other] = [hub.connect('a'), hub.connect('b')];
    let beats = 0;
    const heard: string[] = [];
    bus.subscribe('heartbeat.*', () => void beats++);
    bus.subscribe('report.*.pod', (_data, subject) => {
      heard.push(subject);
      return new Uint8Array();
    });
    for (let i = 0; i < 100; i++) agent.publish('heartbeat.a', new Uint8Array());
    for (let i = 0; i < 2000; i++) agent.publish('report.a.pod', new Uint8Array(10));
    other.publish('report.b.pod', new Uint8Array(10));
    for (let i = 0; i < 100; i++) {
      clock.ringNext(0);
      await tick();
    }
    clock.advanceTo(1);
    await tick();
    expect(beats).toBe(10);
    expect(heard.filter((subject) => subject === 'report.a.pod').length).toBeLessThanOrEqual(500);
    expect(heard).toContain('report.b.pod');
  });
  it('refuse requests to join beyond ten a second of one token, unread, and take those of others', async () => {
    const clock = new VirtualClock(0);
    const hub = new MemoryBusHub(clock);
    const bus = withNodeBudgets(hub.connect('health'), clock);
    const heard: string[] = [];
    bus.subscribe('join.*', (_data, subject) => {
      heard.push(subject);
      return encodeMessage({ is: 'waiting' });
    });
    const machine = hub.connect('m');
    const ask = async (token: string, count: number): Promise<readonly unknown[]> => {
      const answers: unknown[] = [];
      for (let i = 0; i < count; i++)
        void machine
          .request(`join.${token}`, new TextEncoder().encode('no JSON'), 10_000)
          .then((answer) => answers.push(decodeMessage(answer)));
      for (let i = 0; i < 1_000 && answers.length < count; i++) {
        clock.ringNext(clock.monotonic());
        await tick();
      }
      return answers;
    };
    const answers = await ask('abc123', 80);
    expect(heard).toHaveLength(50);
    expect(answers.at(-1)).toEqual({ is: 'refused', why: expect.stringContaining('Too many machines ask to join') });
    expect(await ask('xyz789', 1)).toEqual([{ is: 'waiting' }]);
    clock.advance(1_000);
    await ask('abc123', 20);
    expect(heard.filter((subject) => subject === 'join.abc123')).toHaveLength(60);
  });
});
