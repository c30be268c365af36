import { admitConnection, decideCommand, isQuestions, isRefusal, isServed } from '#model';
import type {
  AdmissionNotes,
  Change,
  Command,
  CommandResult,
  DecideContext,
  HttpsAnswer,
  HttpsQuestion,
  KindId,
  KindRegistry,
  Questions,
  Refusal,
  Unlogged,
  UnloggedFacts,
  UnloggedPlace,
  View,
} from '#model';
import type { Askers, Bus } from '#ports';
import { assert, type Instant, type JsonObject } from '#std';
import { Asking, ASKING_MS_MAX } from './asking.js';
import type { ChangeScope } from './change-window.js';
import { eventCodec } from './codec.js';
import type { ControlPlane } from './control-plane.js';
import { freshView } from './fresh-view.js';
import type { PastChanges } from './history.js';
import { noKeys } from './no-keys.js';
import type { PastCluster } from './past-cluster.js';
import { submitShredding } from './shred-command.js';
import { UnloggedReader } from './unlogged.js';
import { ObjectHistory } from './why/index.js';
import { servedAnswer } from './writer-answers.js';
import type { CommandPort } from './writer.js';

/** The cluster as the HTTP API uses it: one writer to submit to, views to read from, changes to follow. */
export class ClusterBackend {
  readonly objects: ObjectHistory;
  private readonly unloggedReader: UnloggedReader;
  private readonly asking: Asking;

  constructor(
    private readonly plane: ControlPlane,
    private readonly commands: CommandPort,
    /** The way to the apps that remember what is no event. */
    bus: Bus,
  ) {
    this.objects = new ObjectHistory(plane.options.log, eventCodec(plane.options.kinds, noKeys));
    this.asking = new Asking({ askers: plane.options.askers, clock: plane.options.clock });
    const reached = (position: number, timeoutMs: number): Promise<boolean> => this.reached(position, timeoutMs);
    this.unloggedReader = new UnloggedReader({ bus, clock: plane.options.clock, reached });
  }

  get kinds(): KindRegistry {
    return this.plane.options.kinds;
  }
  submit(command: Command): Promise<CommandResult> {
    if (command.subresource !== undefined && this.shreds(command))
      return submitShredding(command, this.commands, this.plane.shredder);
    return this.commands.submit(command);
  }
  /** Asks admission about a connection, which is no write; its webhooks are asked by this process. */
  admitConnection(command: Command): Promise<AdmissionNotes | Refusal> {
    return this.decidedHere(command, this.asking, (view, given) => admitConnection(this.kinds, command, view, given));
  }
  /**
   * Decides a create of a virtual resource in this process, which asks whom it can and `askers`: nobody waits behind writes, or for a
   * writer.
   */
  async serve(command: Command, askers: Askers): Promise<CommandResult> {
    const asking = this.asking.withAskers(askers);
    return this.decidedHere(command, asking, (view, given) => {
      const decided = decideCommand(this.kinds, command, view, given);
      if (isRefusal(decided) || isQuestions(decided)) return decided;
      assert(isServed(decided), `what is created of ${command.kind} is stored`);
      return servedAnswer(decided, command, view.position);
    });
  }
  /** Decides on the newest view until nothing has to be asked any more. */
  private async decidedHere<T extends object>(
    command: Command,
    asking: Asking,
    decide: (view: View, given: Pick<DecideContext, 'now' | 'uid' | 'answers'>) => T | Questions,
  ): Promise<T | Refusal> {
    const { clock, ids } = this.plane.options;
    const view = await this.fresh();
    if (isRefusal(view)) return view;
    const [now, uid] = [clock.now(), ids.uid()];
    const wish = asking.wishOf(command, { uid, isAdmitted: false, deadline: clock.monotonic() + ASKING_MS_MAX });
    for (;;) {
      const decided = decide(view, { now, uid, answers: wish.answers });
      if (!isQuestions(decided)) return decided;
      const refused = await asking.answer(wish, decided, now);
      if (refused) return refused;
    }
  }
  /** Puts a question that a read needs an answer to, from this process. */
  ask(question: HttpsQuestion): Promise<HttpsAnswer> {
    return this.asking.ask(question, question.timeoutMs);
  }
  private shreds({ kind, subresource }: Command): boolean {
    return (
      this.kinds
        .at(this.current())
        .byId(kind)
        ?.subresources.some(({ name, shreds }) => name === subresource && shreds) ?? false
    );
  }
  fresh(): Promise<View | Refusal> {
    return freshView(this.plane.reads);
  }
  current(): View {
    return this.plane.reads.projection;
  }
  reached(position: number, timeoutMs: number): Promise<boolean> {
    return this.plane.reads.reached(position, timeoutMs);
  }
  recent(position: number, since: Instant): View | undefined {
    return this.plane.reads.recent(position, since);
  }
  isPast(kind: KindId, position: number): boolean {
    return this.plane.reads.isPast(kind, position);
  }
  at(position: number): Promise<PastCluster | Refusal> {
    return this.plane.history.at(position);
  }
  positionAt(time: Instant): Promise<number | Refusal> {
    return this.plane.history.positionAt(time, this.now());
  }
  timeOf(position: number): Promise<Instant | undefined> {
    return this.plane.history.timeOf(position);
  }
  watch(
    scope: ChangeScope,
    after: number,
    onChanges: (changes: readonly Change[], progress: number) => void,
  ): { cancel(): void } | undefined {
    return this.plane.reads.window.subscribe(scope, after, onChanges);
  }
  since(kind: KindId, after: number): readonly Change[] | undefined {
    return this.plane.reads.window.since(kind, after);
  }
  changes(kind: KindId, after: number, isWanted: () => boolean): AsyncIterable<PastChanges> {
    return this.plane.history.changes(kind, after, isWanted);
  }
  unlogged(source: Unlogged, place: UnloggedPlace): Promise<UnloggedFacts | Refusal> {
    return this.unloggedReader.facts(source, place);
  }
  unloggedHistory(source: Unlogged, place: UnloggedPlace, sinceMs: number): Promise<JsonObject | Refusal> {
    return this.unloggedReader.history(source, place, sinceMs);
  }
  followUnlogged(source: Unlogged, after: number, onFacts: (facts: UnloggedFacts) => void): { cancel(): void } {
    return this.unloggedReader.follow(source, after, onFacts);
  }
  /** Why the log cannot be used, as far as the log knows and as a read would find. */
  async problem(): Promise<string | undefined> {
    const known = await this.plane.options.log.problem();
    if (known !== undefined) return known;
    const view = await this.fresh();
    return isRefusal(view) ? view.message : undefined;
  }
  now(): Instant {
    return this.plane.options.clock.now();
  }
  moment(): Instant {
    return this.plane.reads.moment();
  }
  uid(): string {
    return this.plane.options.ids.uid();
  }
}
