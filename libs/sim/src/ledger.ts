import type { ClusterBackend } from '#engine';
import { configMaps, type ConfigMap } from '#kinds';
import { isRefusal, type Command, type CommandResult, type View } from '#model';
import type { Json, Prng } from '#std';
import { linearizable, type Operation } from './checkers/linearizable.js';
import { register, type RegisterOperation } from './checkers/register.js';
import { personCommand } from './commands.js';
import type { Slots } from './slots.js';

const KIND = configMaps.id;
const NAMES = ['ledger-1', 'ledger-2'];

interface Seen {
  readonly value: string;
  readonly resourceVersion: string;
}

/**
 * Clients that alone write to some objects, several at once and through any process that takes requests. What they asked and
 * how they were answered is kept: at the end there must be an order in which one object could have answered so.
 */
export class Ledger {
  readonly surprises: string[] = [];
  private readonly histories = new Map<string, Operation<RegisterOperation>[]>(NAMES.map((name) => [name, []]));
  /** What clients have read last: what they state in conditional writes. */
  private readonly seen = new Map<string, Seen>();
  private readonly writtenAgain = new Set<string>();
  private moment = 0;
  private count = 0;

  constructor(
    private readonly chance: Prng,
    private readonly slots: Slots,
  ) {}

  act(): void {
    const name = this.chance.pick(NAMES);
    const write = (): void => this.write(name, this.fresh(), false);
    const again = (): void => this.writeAgain(name);
    const conditional = (): void => this.write(name, this.fresh(), true);
    const read = (): void => this.read(name);
    this.chance.pick([
      () => this.create(name),
      () => this.create(name),
      ...[write, write, again, conditional, conditional],
      () => this.chance.chance(0.5) && this.delete(name),
      ...[read, read, () => this.list()],
    ])();
  }

  /** Everything is well again: whatever is asked for now is done. */
  async settle(): Promise<readonly string[]> {
    const out: string[] = [];
    for (const name of NAMES) {
      for (const verb of ['create', 'delete', 'create'] as const) {
        const command = verb === 'create' ? this.creation(name, 'last') : this.command({ verb, kind: KIND, name });
        const answer = await this.submit(command);
        const isFine = !isRefusal(answer) || answer.code === 409 || answer.code === 404;
        if (!isFine) out.push(`${verb} ${name}: ${answer.code} ${answer.message}`);
      }
    }
    return out;
  }

  /** Objects whose answers no order of the requests explains. */
  verdicts(): readonly string[] {
    const out: string[] = [];
    for (const [name, history] of this.histories) {
      const verdict = linearizable(
        history.filter(({ what }) => !this.isAmbiguous(what)),
        register,
      );
      if (verdict.is !== 'not linearizable') continue;
      const stuck = verdict.stuck.map(
        ({ what, calledAt, answeredAt }) => `${calledAt}-${answeredAt ?? ''} ${JSON.stringify(what)}`,
      );
      out.push(
        `${name}: ${verdict.reached} answers have an order, then none of these fits: ${stuck.slice(0, 6).join('; ')}`,
      );
    }
    return out;
  }

  /** The value is the same as that of another version: such a conflict says nothing of the value, and changes none. */
  private isAmbiguous(what: RegisterOperation): boolean {
    if (what.is !== 'write' || what.outcome !== 'conflict') return false;
    return what.expects !== undefined && this.writtenAgain.has(what.expects);
  }
  private writeAgain(name: string): void {
    const value = this.seen.get(name)?.value ?? this.fresh();
    this.writtenAgain.add(value);
    this.write(name, value, false);
  }

  private create(name: string): void {
    const value = this.fresh();
    this.record(name, this.submit(this.creation(name, value)), (answer) => {
      const outcome =
        !answer || !isRefusal(answer)
          ? answer
            ? 'done'
            : 'unknown'
          : answer.reason === 'AlreadyExists'
            ? 'exists'
            : 'unknown';
      return { is: 'create', value, outcome };
    });
  }

  private write(name: string, value: string, isConditional: boolean): void {
    const seen = isConditional ? this.seen.get(name) : undefined;
    const metadata = seen && { metadata: { resourceVersion: seen.resourceVersion } };
    const body = { ...metadata, data: { value } };
    const command = this.command({ verb: 'patch', kind: KIND, name, patchType: 'merge', body });
    this.record(name, this.submit(command), (answer) => {
      const outcome = this.outcomeOfWrite(name, answer, seen !== undefined);
      return { is: 'write', value, outcome, ...(seen && { expects: seen.value }) };
    });
  }
  private outcomeOfWrite(
    name: string,
    answer: CommandResult | undefined,
    isConditional: boolean,
  ): Extract<RegisterOperation, { readonly is: 'write' }>['outcome'] {
    if (!answer) return 'unknown';
    if (!isRefusal(answer)) return answer.changed ? 'done' : 'unchanged';
    if (answer.code === 404) return 'absent';
    if (answer.code !== 409) return 'unknown';
    if (!isConditional) this.surprises.push(`patch ${name} without a version: 409 ${answer.message}`);
    return isConditional ? 'conflict' : 'unknown';
  }

  private delete(name: string): void {
    this.record(name, this.submit(this.command({ verb: 'delete', kind: KIND, name })), (answer) => {
      const isAbsent = answer && isRefusal(answer) && answer.code === 404;
      return { is: 'delete', outcome: isAbsent ? 'absent' : answer && !isRefusal(answer) ? 'done' : 'unknown' };
    });
  }

  private read(name: string): void {
    const asked = this.ask(async (backend) => readFrom(await backend.fresh(), [name]));
    this.recordRead([name], asked);
  }
  private list(): void {
    const asked = this.ask(async (backend) => readFrom(await backend.fresh(), NAMES));
    this.recordRead(NAMES, asked);
  }

  private recordRead(
    names: readonly string[],
    asked: Promise<ReadonlyMap<string, Seen | undefined> | undefined>,
  ): void {
    const calledAt = this.moment++;
    asked.then(
      (answer) => {
        if (!answer) return;
        const answeredAt = this.moment++;
        for (const name of names) {
          const found = answer.get(name);
          if (found) this.seen.set(name, found);
          this.histories.get(name)?.push({ calledAt, answeredAt, what: { is: 'read', saw: found?.value } });
        }
      },
      () => undefined,
    );
  }
  private record(
    name: string,
    asked: Promise<CommandResult>,
    told: (answer: CommandResult | undefined) => RegisterOperation,
  ): void {
    const calledAt = this.moment++;
    const history = this.histories.get(name);
    if (!history) return;
    // Until it is answered it may happen at any time.
    const at = history.push({ calledAt, answeredAt: undefined, what: told(undefined) }) - 1;
    asked.then(
      (answer) => {
        const what = told(answer);
        const isKnown = !('outcome' in what) || what.outcome !== 'unknown';
        history[at] = { calledAt, answeredAt: isKnown ? this.moment++ : undefined, what };
      },
      () => undefined,
    );
  }

  private ask<T>(question: (backend: ClusterBackend) => Promise<T>): Promise<T> {
    const { serving } = this.slots;
    return serving.length === 0 ? new Promise(() => undefined) : this.chance.pick(serving).ask(question);
  }
  private submit(command: Command): Promise<CommandResult> {
    return this.ask((backend) => backend.submit(command));
  }
  private creation(name: string, value: string): Command {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: { value } };
    return this.command({ verb: 'create', kind: KIND, name, body: body as unknown as Json });
  }
  private command(parts: Partial<Command> & Pick<Command, 'verb' | 'kind' | 'name'>): Command {
    return personCommand(parts, 'ledger', this.count++);
  }
  private fresh(): string {
    return `v${this.count++}`;
  }
}

function readFrom(
  view: View | { readonly refused: true },
  names: readonly string[],
): ReadonlyMap<string, Seen | undefined> | undefined {
  if ('refused' in view) return undefined;
  return new Map(
    names.map((name): [string, Seen | undefined] => {
      const found: ConfigMap | undefined = view.get(configMaps, 'default', name);
      const { value } = (found?.data ?? {}) as { readonly value?: string };
      const { resourceVersion = '' } = found?.metadata ?? {};
      return [name, value === undefined ? undefined : { value, resourceVersion }];
    }),
  );
}
