import type { ClusterBackend } from '#engine';
import { configMaps, type ConfigMap } from '#kinds';
import { isRefusal, streamOf, type Command, type CommandResult, type StoredEvent, type View } from '#model';
import type { Json, Prng } from '#std';
import { linearizable, type Operation } from './checkers/linearizable.js';
import type { RefusedWrites } from './checkers/refused-writes.js';
import { register, type RegisterOperation } from './checkers/register.js';
import { personCommand } from './commands.js';
import type { ControlProcess } from './control-process.js';
import type { Slots } from './slots.js';

const KIND = configMaps.id;
const NAMES = ['ledger-1', 'ledger-2'];

/** How likely it is that a client goes on at once when it has been answered. */
const GOES_ON = 0.6;

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
    private readonly refused: RefusedWrites,
  ) {}

  /** One client: each of its calls follows at once on the answer to the one before, so that calls of several clients meet. */
  async act(): Promise<void> {
    do await this.call(this.chance.pick(NAMES));
    while (this.chance.chance(GOES_ON));
  }

  private call(name: string): Promise<unknown> {
    const write = (): Promise<unknown> => this.write(name, this.fresh(), false);
    const again = (): Promise<unknown> => this.writeAgain(name, this.seen.get(name)?.value ?? this.fresh());
    const twice = (): Promise<unknown> => {
      const value = this.fresh();
      return Promise.all([this.writeAgain(name, value), this.writeAgain(name, value)]);
    };
    const conditional = (): Promise<unknown> => this.write(name, this.fresh(), true);
    const create = (): Promise<unknown> => this.create(name);
    const read = (): Promise<unknown> => this.read([name]);
    return this.chance.pick([
      ...[create, create, write, write, again, twice, conditional, conditional],
      () => (this.chance.chance(0.5) ? this.delete(name) : read()),
      ...[read, read, () => this.read(NAMES)],
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

  /** Objects whose answers no order of the requests explains. `events`: the log, which settles what was not answered. */
  verdicts(events: readonly StoredEvent[]): readonly string[] {
    const out: string[] = [];
    for (const [name, history] of this.histories) {
      const stream = streamOf(KIND, 'default', name);
      const logged = valuesIn(events, stream);
      const verdict = linearizable(
        history.filter(({ what }) => !this.isAmbiguous(what) && !neverWas(what, logged)),
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
  private writeAgain(name: string, value: string): Promise<unknown> {
    this.writtenAgain.add(value);
    return this.write(name, value, false);
  }

  private create(name: string): Promise<unknown> {
    const value = this.fresh();
    return this.record(name, this.submit(this.creation(name, value)), (answer) => {
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

  private write(name: string, value: string, isConditional: boolean): Promise<unknown> {
    const seen = isConditional ? this.seen.get(name) : undefined;
    const metadata = seen && { metadata: { resourceVersion: seen.resourceVersion } };
    const body = { ...metadata, data: { value } };
    const command = this.command({ verb: 'patch', kind: KIND, name, patchType: 'merge', body });
    return this.record(name, this.submit(command), (answer) => {
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

  private delete(name: string): Promise<unknown> {
    return this.record(name, this.submit(this.command({ verb: 'delete', kind: KIND, name })), (answer) => {
      const isAbsent = answer && isRefusal(answer) && answer.code === 404;
      return { is: 'delete', outcome: isAbsent ? 'absent' : answer && !isRefusal(answer) ? 'done' : 'unknown' };
    });
  }

  /** A read is answered by any process, as by several servers of the API. */
  private async read(names: readonly string[]): Promise<void> {
    const calledAt = this.moment++;
    const answer = await this.askOne(this.slots.reading, async (backend) => readFrom(await backend.fresh(), names));
    if (!answer) return;
    const answeredAt = this.moment++;
    for (const name of names) {
      const found = answer.get(name);
      if (found) this.seen.set(name, found);
      this.histories.get(name)?.push({ calledAt, answeredAt, what: { is: 'read', saw: found?.value } });
    }
  }

  private async record(
    name: string,
    asked: Promise<CommandResult>,
    told: (answer: CommandResult | undefined) => RegisterOperation,
  ): Promise<void> {
    const calledAt = this.moment++;
    const history = this.histories.get(name);
    if (!history) return;
    // Until it is answered it may happen at any time.
    const at = history.push({ calledAt, answeredAt: undefined, what: told(undefined) }) - 1;
    const what = told(await asked);
    const isKnown = !('outcome' in what) || what.outcome !== 'unknown';
    history[at] = { calledAt, answeredAt: isKnown ? this.moment++ : undefined, what };
  }

  /** Never answered where no process serves: the connection is refused. */
  private askOne<T>(
    processes: readonly ControlProcess[],
    question: (backend: ClusterBackend) => Promise<T>,
  ): Promise<T> {
    return processes.length === 0 ? new Promise(() => undefined) : this.chance.pick(processes).ask(question);
  }
  private async submit(command: Command): Promise<CommandResult> {
    const answer = await this.askOne(this.slots.serving, (backend) => backend.submit(command));
    this.refused.note(command, answer);
    return answer;
  }
  private creation(name: string, value: string): Command {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: { value } };
    return this.command({ verb: 'create', kind: KIND, name, body: body as unknown as Json });
  }
  private command(parts: Partial<Command> & Pick<Command, 'verb' | 'kind' | 'name'>): Command {
    return personCommand(parts, 'ledger', this.count++);
  }
  private fresh(): string {
    return `entry-${this.count++}`;
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

/** Every value of the ledger that an event of the stream has. No two clients write the same one, but for those written again. */
function valuesIn(events: readonly StoredEvent[], stream: string): ReadonlySet<string> {
  const texts = events.filter((event) => event.stream === stream).map(({ data }) => JSON.stringify(data));
  return new Set(texts.flatMap((text) => text.match(/(?<=")entry-\d+(?=")/g) ?? []));
}
/** A write whose outcome its client does not know, and that no event shows: it has had no effect and never will. */
function neverWas(what: RegisterOperation, logged: ReadonlySet<string>): boolean {
  return (what.is === 'create' || what.is === 'write') && what.outcome === 'unknown' && !logged.has(what.value);
}
