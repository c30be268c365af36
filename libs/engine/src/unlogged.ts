import type { Refusal, Unlogged, UnloggedFacts, UnloggedPlace, UnloggedQuestion } from '#model';
import { refusals } from '#model';
import { NobodyListens, type Bus, type Clock } from '#ports';
import { Fault, isJsonObject, type JsonObject } from '#std';
import { decodeMessage, encodeMessage } from './message-codec.js';
import { pause } from './delay.js';
import { subjects } from './subjects.js';

const ANSWER_MS = 3_000;
/** An asker that follows is answered at the next change, or after this. */
const FOLLOW_MS = 15_000;
/** Changes of so long come in one answer. */
const GATHER_MS = 500;
const RETRY_MS = 2_000;

export interface UnloggedOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** Waits until this process has seen of the log what the answering one had. */
  readonly reached: (position: number, timeoutMs: number) => Promise<boolean>;
}
type Listener = (facts: UnloggedFacts) => void;
const NOTHING: UnloggedFacts = { revision: 0, position: 0, facts: [] };

/** Asks the apps that remember unlogged objects. */
export class UnloggedReader {
  private readonly followed = new Map<Unlogged, Following>();

  constructor(private readonly options: UnloggedOptions) {}

  /** What is remembered now of these objects; nothing where no such app runs, unless the kind has no other objects. */
  async facts(source: Unlogged, place: UnloggedPlace): Promise<UnloggedFacts | Refusal> {
    try {
      return await ask(this.options.bus, source, source.question(place), ANSWER_MS);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return error instanceof NobodyListens && !source.isWhole ? NOTHING : unreachable(source, error);
    }
  }

  /** What is remembered of the last minutes, as the app answers it. */
  async history(source: Unlogged, place: UnloggedPlace, sinceMs: number): Promise<JsonObject | Refusal> {
    const { history, app } = source;
    if (!history) return refusals.unavailable(`${source.remark}, and nobody keeps what they were`);
    try {
      const question = encodeMessage(history.question(place, sinceMs));
      const answer = decodeMessage(
        await this.options.bus.request(subjects.query(app, history.what), question, ANSWER_MS),
      );
      return isJsonObject(answer) ? answer : refusals.unavailable(`${app} answered something that is no object`);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return unreachable(source, error);
    }
  }

  /** Tells the facts whenever they are others than at the revision `after`, until it is cancelled. */
  follow(source: Unlogged, after: number, listener: Listener): { cancel(): void } {
    let following = this.followed.get(source);
    if (!following) this.followed.set(source, (following = new Following(source, this.options)));
    return following.add(after, listener);
  }
}

/** One conversation with an app for all who follow. It rests when nobody does. */
class Following {
  private readonly followers = new Set<{ readonly tell: Listener }>();
  private last: UnloggedFacts | undefined;
  private isAsking = false;

  constructor(
    private readonly source: Unlogged,
    private readonly options: UnloggedOptions,
  ) {}

  add(after: number, tell: Listener): { cancel(): void } {
    const follower = { tell };
    this.followers.add(follower);
    if (!this.isAsking) void this.goOn(after);
    else if (this.last && this.last.revision > after) tell(this.last);
    return { cancel: () => void this.followers.delete(follower) };
  }

  private async goOn(from: number): Promise<void> {
    const { bus, clock, reached } = this.options;
    this.isAsking = true;
    let after = from;
    while (this.followers.size > 0) {
      const question: UnloggedQuestion = { ...this.source.question({}), waitMs: FOLLOW_MS, after };
      const answer = await ask(bus, this.source, question, FOLLOW_MS + ANSWER_MS).catch(faultOnly);
      // An app that is away has changed nothing: what was last known stays until it says otherwise.
      if (answer instanceof Fault) {
        await pause(clock, RETRY_MS);
        continue;
      }
      await reached(answer.position, ANSWER_MS);
      this.last = answer;
      if (answer.revision !== after) for (const { tell } of [...this.followers]) tell(answer);
      after = answer.revision;
      await pause(clock, GATHER_MS);
    }
    this.isAsking = false;
  }
}

async function ask(bus: Bus, source: Unlogged, question: object, timeoutMs: number): Promise<UnloggedFacts> {
  const subject = subjects.query(source.app, source.what);
  const answer = decodeMessage(await bus.request(subject, encodeMessage(question), timeoutMs));
  if (!isJsonObject(answer)) throw new Fault(`${source.app} answered something that is no object`, true);
  const { revision, position } = answer;
  return { revision: numberOf(revision), position: numberOf(position), facts: source.facts(answer) };
}
function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function faultOnly(error: unknown): Fault {
  if (error instanceof Fault) return error;
  throw error;
}

function unreachable({ remark, app }: Unlogged, error: Fault): Refusal {
  return refusals.unavailable(`${remark}, and ${app}, which hears them, cannot be asked: ${error.message}`);
}
