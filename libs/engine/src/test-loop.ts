import { VirtualClock } from '#adapters';
import { KeptPicture } from '#model';
import type { Accepted, Change, Command, CommandResult, Decision, Loop, LoopRefusal, Outside, Refusal } from '#model';
import { LoopRunner } from './loop-runner.js';
import { Projection } from './projection.js';
import { WallSteps } from './wall-steps.js';

export const refusal = (reason: string): Refusal => ({ refused: true, code: 403, reason, message: `it is ${reason}` });
export const accepted = (position: number, changed = true): Accepted => ({ position, changed }) as Accepted;
export const wish = (name: string): Decision => ({
  is: 'submit',
  because: 'the test says so',
  command: { verb: 'create', kind: 'core.configmaps', namespace: 'default', name },
});

export const changed = (name: string): Change => {
  const after = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', uid: name } };
  return { kind: 'core.configmaps', position: 1, before: undefined, after };
};

/** A runner of one loop, with one key if not told otherwise, whose commands are answered by hand. */
export class Bench {
  readonly clock = new VirtualClock(1_800_000_000_000);
  readonly looks: number[] = [];
  readonly complaints: number[] = [];
  readonly seen: (readonly LoopRefusal[] | undefined)[] = [];
  readonly commands: Command[] = [];
  decide: () => readonly Decision[] = () => [wish('a')];
  answer: (command: Command) => CommandResult = () => accepted(1);
  reached: (position: number) => Promise<boolean> = () => Promise.resolve(true);
  keys: Pick<Loop, 'keysOf' | 'keysAtStart'> = { keysOf: () => ['key'], keysAtStart: () => ['key'] };
  /** Keys whose looks throw. */
  readonly broken = new Set<string>();
  /** Keys in the order in which they were looked at. */
  readonly looked: string[] = [];
  readonly faults: string[] = [];
  readonly fatal: unknown[] = [];
  readonly runner: LoopRunner;

  /** Changes counted by the loop's picture: as it was built, then one more for each. A change at position 0 breaks it. */
  readonly picture = new KeptPicture<{ counted: number }>({
    build: () => ({ counted: 100 }),
    apply: (picture, { position }) => {
      if (position === 0) throw new RangeError('a change that cannot be counted');
      picture.counted++;
    },
  });
  readonly pictures: (readonly [counted: number, isKept: boolean])[] = [];

  constructor() {
    const loop: Loop = {
      name: 'test',
      account: 'test-controller',
      picture: this.picture,
      keysOf: (change, view) => this.keys.keysOf(change, view),
      keysAtStart: (view) => this.keys.keysAtStart(view),
      reconcile: (view, key, now, outside?: Outside) => {
        const { picture, isKept } = this.picture.of(view);
        this.pictures.push([picture.counted, isKept]);
        this.looked.push(key);
        if (this.broken.has(key)) throw new TypeError(`${key} is broken`);
        this.looks.push(now - 1_800_000_000_000);
        this.seen.push(outside?.fact('refusals') as unknown as readonly LoopRefusal[] | undefined);
        return this.decide();
      },
    };
    this.runner = new LoopRunner({
      loop,
      view: new Projection((state, event) => state ?? { ...event, object: undefined }),
      commands: {
        submit: (command) => {
          this.commands.push(command);
          return Promise.resolve(this.answer(command));
        },
      },
      clock: this.clock,
      wallSteps: new WallSteps(this.clock),
      ids: { uid: () => 'uid', named: (text) => text },
      build: 'test',
      soon: (callback) => setImmediate(callback),
      reached: (position) => this.reached(position),
      onFault: (loop, key, cause) =>
        this.faults.push(`${loop} ${key} ${(cause as Error).stack?.split('\n')[0]} @${this.passed}`),
      onFatal: (cause) => this.fatal.push(cause),
      onRefusal: () => this.complaints.push(this.looks.length),
    });
  }
  get passed(): number {
    return this.clock.now() - 1_800_000_000_000;
  }
  async run(ms: number): Promise<void> {
    const until = this.clock.monotonic() + ms;
    const turns = async (): Promise<void> => {
      for (let i = 0; i < 6; i++) await new Promise((resolve) => setImmediate(resolve));
    };
    await turns();
    while (this.clock.ringNext(until)) await turns();
    this.clock.advanceTo(until);
    await turns();
  }
}
